using System.Net;
using MailCluster.Protocol.Content;

namespace MailCluster.Actors.Sessions;

/// <summary>One SMTP listener (<c>mailcluster.listeners</c>).</summary>
public sealed class ListenerOptions
{
    /// <summary>Its name, in logs and events.</summary>
    public required string Name { get; init; }

    /// <summary>Where it listens.</summary>
    public required IPEndPoint Bind { get; init; }

    /// <summary>Whether connections begin with a PROXY header. Default: they do not.</summary>
    public ProxyProtocol ProxyProtocol { get; init; }

    /// <summary>What is done with CR without LF and LF without CR in content. Default: refused.</summary>
    public BareNewlines BareNewline { get; init; } = BareNewlines.Reject;
}
