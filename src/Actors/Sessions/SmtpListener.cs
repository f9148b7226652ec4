using MailCluster.Protocol.Content;
using MailCluster.Protocol.Server;

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
    }

    /// <summary>The node's.</summary>
    public Reception Reception { get; }

    /// <summary>The listener's own.</summary>
    public ListenerOptions Options { get; }

    /// <summary>For the session machine.</summary>
    public SessionRules Rules { get; }

    /// <summary>For content.</summary>
    public ContentLimits Content { get; }
}
