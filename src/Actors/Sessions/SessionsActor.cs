using Akka.Actor;

namespace MailCluster.Actors.Sessions;

/// <summary>The parent of a node's sessions, <c>session-1</c> and so on. One that fails is stopped: a session cannot be begun again in the middle.</summary>
public sealed class SessionsActor : UntypedActor
{
    private static readonly SupervisorStrategy s_stop = new OneForOneStrategy(static _ => Directive.Stop);

    /// <summary>How it is made.</summary>
    public static Props Props { get; } = Props.Create<SessionsActor>();

    /// <inheritdoc/>
    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case SessionProtocol.Open open:
                open.Session.Actor = Context.ActorOf(Props.CreateBy(open.Session), $"session-{open.Session.Number}");
                break;
            // The connection was faster than we: its actor is there by now.
            case SessionQuestion { Session.Actor: { } actor } question:
                actor.Tell(question, ActorRefs.NoSender);
                break;
            case SessionProtocol.Closed { Session.Actor: { } actor }:
                Context.Stop(actor);
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    /// <inheritdoc/>
    protected override SupervisorStrategy SupervisorStrategy() => s_stop;
}
