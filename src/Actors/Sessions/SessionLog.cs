using System.Net;
using MailCluster.Spool;
using Microsoft.Extensions.Logging;

namespace MailCluster.Actors.Sessions;

/// <summary>The log lines of sessions. Information: mail's fate changed. Debug: the dialogue.</summary>
internal static partial class SessionLog
{
    [LoggerMessage(1001, LogLevel.Information,
        "{QueueId} from={ReversePath} size={Size} nrcpt={Recipients} client={ClientName}[{ClientAddress}] proto={Protocol} session={Session}")]
    public static partial void Accepted(
        this ILogger logger, string queueId, string reversePath, long size, int recipients, string clientName, string clientAddress, string protocol, string session);

    [LoggerMessage(1002, LogLevel.Information,
        "reject: reply={Reply} from={ReversePath} to={Recipient} client={ClientName}[{ClientAddress}] listener={Listener} session={Session}")]
    public static partial void Rejected(
        this ILogger logger, string reply, string? reversePath, string? recipient, string? clientName, string clientAddress, string listener, string session);

    [LoggerMessage(1003, LogLevel.Debug, "refused: reply={Reply} client={ClientName}[{ClientAddress}] session={Session}")]
    public static partial void Refused(this ILogger logger, string reply, string? clientName, string clientAddress, string session);

    [LoggerMessage(1004, LogLevel.Information, "timed out while {Phrase} client={ClientName}[{ClientAddress}] session={Session}")]
    public static partial void TimedOut(this ILogger logger, string phrase, string? clientName, string clientAddress, string session);

    [LoggerMessage(1005, LogLevel.Information, "lost connection while {Phrase} client={ClientName}[{ClientAddress}] session={Session}")]
    public static partial void Lost(this ILogger logger, string phrase, string? clientName, string clientAddress, string session);

    [LoggerMessage(1006, LogLevel.Debug, "connect client=[{ClientAddress}] listener={Listener} session={Session}")]
    public static partial void Connected(this ILogger logger, string clientAddress, string listener, string session);

    [LoggerMessage(1007, LogLevel.Debug, "disconnect client=[{ClientAddress}] session={Session}")]
    public static partial void Disconnected(this ILogger logger, string clientAddress, string session);

    [LoggerMessage(1008, LogLevel.Error, "{QueueId} could not be stored, nothing of it is kept: client=[{ClientAddress}] session={Session}")]
    public static partial void NotStored(this ILogger logger, Exception exception, string queueId, string clientAddress, string session);

    [LoggerMessage(1009, LogLevel.Error, "a session failed while {Phrase} client=[{ClientAddress}] session={Session}")]
    public static partial void Failed(this ILogger logger, Exception exception, string phrase, string clientAddress, string session);

    [LoggerMessage(1010, LogLevel.Debug, "{Session} < {Line}")]
    public static partial void Received(this ILogger logger, string session, string line);

    [LoggerMessage(1011, LogLevel.Debug, "{Session} > {Line}")]
    public static partial void Sent(this ILogger logger, string session, string line);

    [LoggerMessage(1012, LogLevel.Warning, "MAIL refused: the PROXY header of load balancer {Peer} names no client; it may send UNKNOWN or LOCAL for them, or check us with MAIL; listener={Listener} lines-left-out={LeftOut}")]
    public static partial void Unnamed(this ILogger logger, IPAddress peer, string listener, int leftOut);

    [LoggerMessage(1013, LogLevel.Warning, "connection refused: {Peer} is not in proxy-peers; listener={Listener} lines-left-out={LeftOut}")]
    public static partial void NoPeer(this ILogger logger, IPAddress peer, string listener, int leftOut);

    [LoggerMessage(1014, LogLevel.Warning, "connection refused: load balancer {Peer}: {Reason}; listener={Listener} lines-left-out={LeftOut}")]
    public static partial void NoHeader(this ILogger logger, IPAddress peer, string reason, string listener, int leftOut);

    [LoggerMessage(1015, LogLevel.Debug, "proxy peer={Peer} header={Header} listener={Listener}")]
    public static partial void Proxied(this ILogger logger, EndPoint peer, string header, string listener);
}
