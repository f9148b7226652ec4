using MailCluster.Protocol.Content;
using MailCluster.Protocol.Server;
using Microsoft.AspNetCore.Connections;

namespace MailCluster.Actors.Sessions;

/// <summary>One listener of a node's reception: what its sessions go by.</summary>
public sealed class SmtpListener
{
    /// <summary>Puts it together.</summary>
    public SmtpListener(Reception reception, ListenerOptions options)
    {
        Reception = reception;
        Options = options;
        var limits = reception.Limits;
        Rules = new(reception.Hostname, limits.MessageSize, limits.Recipients, limits.TransactionsPerConnection, limits.Errors, limits.LineLength);
        Content = new(limits.MessageSize, limits.LineLength, limits.ReceivedFields, options.BareNewline);
        Unnamed = new(reception.Time);
    }

    /// <summary>The node's.</summary>
    public Reception Reception { get; }

    /// <summary>The listener's own.</summary>
    public ListenerOptions Options { get; }

    /// <summary>For the session machine.</summary>
    public SessionRules Rules { get; }

    /// <summary>For content.</summary>
    public ContentLimits Content { get; }

    /// <summary>Whose mail would be refused for want of an address, and has been told of.</summary>
    internal LinePerPeer Unnamed { get; }

    /// <summary>Where a connection comes from. Where a header is required, and only there, the header says it; without one it is nobody.</summary>
    internal ClientOrigin OriginOf(ConnectionContext connection) => Options.ProxyProtocol switch
    {
        ProxyProtocol.Off => ClientOrigin.Direct(connection.RemoteEndPoint),
        _ => connection.Features.Get<ProxiedClient>()?.Origin ?? throw new InvalidOperationException("A listener that requires the PROXY header has no gate before it."),
    };
}
