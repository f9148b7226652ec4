using MailCluster.Spool;
using Microsoft.Extensions.Logging;

namespace MailCluster.Actors.Handover;

/// <summary>What is said of handovers.</summary>
internal static partial class HandoverLog
{
    [LoggerMessage(2501, LogLevel.Information, "{QueueId} taken over from spool {Donor:x16}: from={ReversePath} size={Size} nrcpt={Recipients}")]
    public static partial void TakenOver(this ILogger logger, QueueId queueId, string reversePath, long size, int recipients, ulong donor);

    [LoggerMessage(2502, LogLevel.Information, "{QueueId} handed over to {Receiver}")]
    public static partial void HandedOver(this ILogger logger, QueueId queueId, string receiver);

    [LoggerMessage(2503, LogLevel.Debug, "handover: connection with {Peer} lost: {Reason}")]
    public static partial void ConnectionLost(this ILogger logger, string peer, string reason);

    [LoggerMessage(2504, LogLevel.Error, "handover: a bug ended the connection with {Peer}")]
    public static partial void ConnectionFailed(this ILogger logger, string peer, Exception cause);

    [LoggerMessage(2505, LogLevel.Warning, "handover: {Peer} connected to cluster.handover and is no member of this cluster")]
    public static partial void Stranger(this ILogger logger, string peer);

    [LoggerMessage(2506, LogLevel.Warning, "{QueueId} could not be taken over; its donor keeps it")]
    public static partial void NotStored(this ILogger logger, QueueId queueId, Exception cause);

    [LoggerMessage(2510, LogLevel.Information, "handover begins: {Messages} messages go to the peers ({Reason})")]
    public static partial void Begins(this ILogger logger, int messages, string reason);

    [LoggerMessage(2511, LogLevel.Information, "handover: no peer can take mail now; asking again until the limit")]
    public static partial void NobodyTakes(this ILogger logger);

    [LoggerMessage(2512, LogLevel.Warning, "handover: {Receiver} takes nothing for now: {Reason}")]
    public static partial void PassedOver(this ILogger logger, string receiver, string reason);

    [LoggerMessage(2513, LogLevel.Warning, "{QueueId} was refused by {Receiver}: {Reply}")]
    public static partial void Refused(this ILogger logger, QueueId queueId, string receiver, string reply);

    [LoggerMessage(2514, LogLevel.Information, "handover done: {Handed} messages were handed over, none is left")]
    public static partial void Done(this ILogger logger, long handed);

    [LoggerMessage(2515, LogLevel.Error, "handover over: {Handed} messages were handed over; {Left} messages with {Recipients} open recipients stay in {Directory}, {Marked} of them marked for peers that have not said whether they had them ({Receivers})")]
    public static partial void LeftOver(this ILogger logger, long handed, long left, long recipients, string directory, int marked, string receivers);

    [LoggerMessage(2516, LogLevel.Error, "{QueueId} cannot be read and is not handed over")]
    public static partial void Damaged(this ILogger logger, QueueId queueId, Exception cause);

    [LoggerMessage(2520, LogLevel.Warning, "{Messages} messages were being handed over to {Receiver} when this node stopped. They are not delivered before it has said whether it had them; it cannot be asked now: {Reason}")]
    public static partial void CannotAsk(this ILogger logger, int messages, string receiver, string reason);

    [LoggerMessage(2521, LogLevel.Information, "{Receiver} was asked about messages that were being handed over to it: it had {Had}, which end here, and never had {Kept}, which are queued again")]
    public static partial void Asked(this ILogger logger, string receiver, int had, int kept);

    [LoggerMessage(2522, LogLevel.Error, "handover: asking receivers failed by a bug; asking again")]
    public static partial void InquiryFailed(this ILogger logger, Exception cause);
}
