using Akka.Actor;
using Akka.Event;
using MailCluster.Actors.Sites;
using MailCluster.Protocol.Failures;

namespace MailCluster.Actors.Outbound;

/// <summary>
/// One outbound connection, as its pool's child: starts to connect when it starts, takes jobs, ends with its connection. The dialogue runs in <see cref="OutboundConnection"/>; this
/// owns its life.
/// </summary>
/// <remarks>
/// Tells its parent <see cref="SitePoolProtocol.Idle"/> when work would be welcome, <see cref="SitePoolProtocol.AttemptEnded"/> for each job, and <see cref="SitePoolProtocol.Closed"/>
/// last of all. A job that is on its way to the actor when that is told gets no answer: the parent takes what is unanswered then as untouched.
/// </remarks>
public sealed class OutboundActor : UntypedActor
{
    private readonly OutboundSettings _settings;
    private OutboundConnection _connection = null!;

    /// <summary>By <see cref="Props(OutboundSettings)"/>.</summary>
    public OutboundActor(OutboundSettings settings) => _settings = settings;

    /// <summary>The loop has ended.</summary>
    private sealed record Ended(DeliveryFailure? Failure) : INoSerializationVerificationNeeded;

    /// <summary>How to make one.</summary>
    public static Props Props(OutboundSettings settings) => Akka.Actor.Props.Create(() => new OutboundActor(settings));

    /// <inheritdoc/>
    protected override void PreStart()
    {
        _connection = new(_settings, Context.Parent, Self, Context.GetLogger());
        _connection.RunAsync().PipeTo(Self, success: failure => new Ended(failure));
    }

    /// <inheritdoc/>
    protected override void PostStop() => _connection.Abort();

    /// <inheritdoc/>
    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case OutboundProtocol.Deliver deliver:
                if (!_connection.Offer(deliver.Job))
                {
                    Context.Parent.Tell(new SitePoolProtocol.AttemptEnded(new(deliver.Job, null, [], null)));
                }
                break;
            case OutboundProtocol.Close:
                _connection.Close();
                break;
            case Ended ended:
                Context.Parent.Tell(new SitePoolProtocol.Closed(ended.Failure));
                Context.Stop(Self);
                break;
            default:
                Unhandled(message);
                break;
        }
    }
}
