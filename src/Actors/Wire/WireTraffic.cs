using Akka.Actor;

namespace MailCluster.Actors.Wire;

/// <summary>How much this node has written for other nodes since it started. Messages that stay on the node are never written and so not counted. Used by all threads.</summary>
public sealed class WireTraffic : IExtension
{
    private long _messages;
    private long _octets;

    /// <summary>Messages.</summary>
    public long Messages => Interlocked.Read(ref _messages);

    /// <summary>Their octets, without what Akka puts around them.</summary>
    public long Octets => Interlocked.Read(ref _octets);

    /// <summary>That of an actor system.</summary>
    public static WireTraffic Of(ActorSystem system) => system.WithExtension<WireTraffic, Provider>();

    /// <summary>One message has been written.</summary>
    internal void Add(int octets)
    {
        Interlocked.Increment(ref _messages);
        Interlocked.Add(ref _octets, octets);
    }

    private sealed class Provider : ExtensionIdProvider<WireTraffic>
    {
        public override WireTraffic CreateExtension(ExtendedActorSystem system) => new();
    }
}
