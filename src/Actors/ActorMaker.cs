using Akka.Actor;

namespace MailCluster.Actors;

/// <summary>Makes actors of which there are many: a domain's, a site's, a pool's.</summary>
/// <remarks><c>Props.Create(() => new ...)</c> compiles its expression for each actor, which costs more than all that the actor does for a message or two.</remarks>
/// <param name="make">Makes one; again after a restart.</param>
internal sealed class ActorMaker<TActor>(Func<TActor> make) : IIndirectActorProducer
    where TActor : ActorBase
{
    public Type ActorType => typeof(TActor);

    public static Props Props(Func<TActor> make) => Akka.Actor.Props.CreateBy(new ActorMaker<TActor>(make));

    public ActorBase Produce() => make();

    public void Release(ActorBase actor) { }
}
