using MailCluster.Actors.Wire;

namespace MailCluster.Actors.Sites;

/// <summary>How members show each other that they are in touch.</summary>
public static class FenceProtocol
{
    /// <summary>Are we in touch? Answered by <see cref="Pong"/> where <paramref name="Node"/> is a member in the eyes of who is asked, else not at all. One that has answered nothing itself is asked back.</summary>
    public sealed record Ping(NodeId Node, long Number) : IWireMessage;

    /// <summary>We are.</summary>
    public sealed record Pong(NodeId Node, long Number) : IWireMessage;
}
