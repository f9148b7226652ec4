using Akka.Actor;
using MailCluster.Protocol.Addressing;

namespace MailCluster.Actors.Delivery;

/// <summary>Hears from delivery actors, on whatever node, which domains are full in the whole cluster, and shows it to this node's sessions. One per node, at <c>/user/closed</c>.</summary>
public sealed class ClosedDomainsActor(ClosedDomains closed) : UntypedActor, IWithTimers
{
    /// <summary>The name under which delivery actors find it.</summary>
    public const string Name = "closed";

    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);

    private readonly Dictionary<DomainName, TimeSpan> _until = [];

    /// <inheritdoc/>
    public ITimerScheduler Timers { get; set; } = null!;

    /// <inheritdoc/>
    protected override void OnReceive(object message)
    {
        var now = Context.System.Scheduler.MonotonicClock;
        switch (message)
        {
            case DeliveryProtocol.Closing { IsClosed: true } closing:
                _until[closing.Domain] = now + closing.TimeToLive;
                closed.Close(closing.Domain);
                break;
            case DeliveryProtocol.Closing opening:
                _until.Remove(opening.Domain);
                closed.Open(opening.Domain);
                break;
            case Tick:
                OpenForgotten(now);
                break;
            default:
                Unhandled(message);
                return;
        }

        if (_until.Count > 0 && !Timers.IsTimerActive(Tick.Instance))
        {
            Timers.StartSingleTimer(Tick.Instance, Tick.Instance, Interval);
        }
    }

    /// <summary>Nobody has said again that these are full: their actor is gone, and no node has so much mail for them that a new one would have been made.</summary>
    private void OpenForgotten(TimeSpan now)
    {
        foreach (var domain in _until.Where(entry => entry.Value <= now).Select(entry => entry.Key).ToList())
        {
            _until.Remove(domain);
            closed.Open(domain);
        }
    }

    private sealed class Tick : INoSerializationVerificationNeeded
    {
        public static readonly Tick Instance = new();
    }
}
