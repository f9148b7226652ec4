using System.Text;
using Akka.Event;
using MailCluster.Protocol.Client;
using MailCluster.Protocol.Failures;

namespace MailCluster.Actors.Outbound;

/// <summary>What an outbound connection logs: its dialogue at debug level, without content; a warning where mail may be delivered twice. The fate of recipients is logged by those who decide it.</summary>
internal sealed class OutboundLog(ILoggingAdapter log, string session)
{
    /// <summary>Whether the dialogue is wanted.</summary>
    public bool IsDebug { get; } = log.IsDebugEnabled;

    /// <summary>Commands were sent.</summary>
    public void Sent(ReadOnlySpan<byte> commands)
    {
        if (IsDebug && !commands.IsEmpty)
        {
            log.Debug("{Session} C: {Commands}", session, Encoding.UTF8.GetString(commands).TrimEnd().Replace("\r\n", " | ", StringComparison.Ordinal));
        }
    }

    /// <summary>Content was sent.</summary>
    public void SentContent(long octets)
    {
        if (IsDebug)
        {
            log.Debug("{Session} C: ({Octets} octets of content)", session, octets);
        }
    }

    /// <summary>A reply came.</summary>
    public void Received(ReadOnlySpan<byte> reply)
    {
        if (IsDebug)
        {
            log.Debug("{Session} S: {Reply}", session, Encoding.UTF8.GetString(reply).TrimEnd().Replace("\r\n", " | ", StringComparison.Ordinal));
        }
    }

    /// <summary>A connection stands.</summary>
    public void Connected(string host, object address)
    {
        if (IsDebug)
        {
            log.Debug("{Session} connected to {Host} {Address}", session, host, address);
        }
    }

    /// <summary>TLS stands, or failed.</summary>
    public void Encrypted(string host, string outcome)
    {
        if (IsDebug)
        {
            log.Debug("{Session} TLS with {Host}: {Outcome}", session, host, outcome);
        }
    }

    /// <summary>A host is given up.</summary>
    public void LeftHost(string host, DeliveryFailure failure) => log.Info("{Session} relay={Host} {Reply}", session, host, failure.Reply);

    /// <summary>The connection broke, or made no sense any more, where the peer may have the message.</summary>
    public void MayBeDeliveredTwice(object queueId, string host, ClientStep step) =>
        log.Warning("{Session} {QueueId} relay={Host} connection ended while {Phrase}", session, queueId, host, step.Phrase);

    /// <summary>A spooled message could not be read.</summary>
    public void Unreadable(object entry, Exception cause) => log.Error(cause, "{Session} {Entry} cannot be read", session, entry);

    /// <summary>A fault of ours ended the connection.</summary>
    public void Failed(Exception bug) => log.Error(bug, "{Session} ended by a fault", session);
}
