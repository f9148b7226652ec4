using System.Collections.Concurrent;
using MailCluster.Actors.Events;
using MailCluster.Protocol.Replies;
using Microsoft.Extensions.Logging;

namespace MailCluster.Actors.Handover;

/// <summary>The receiving side of handovers on a node: what the connections of all donors share.</summary>
/// <param name="hostname">Our name in the greeting.</param>
/// <param name="spool">Where mail goes.</param>
/// <param name="admission">Whether mail is taken now: null, or the refusal. Asked for each message.</param>
/// <param name="events">The event log.</param>
/// <param name="logger">Log lines.</param>
/// <param name="time">The clock.</param>
public sealed class HandoverReception(string hostname, Spool.Spool spool, Func<Reply?> admission, EventLog events, ILogger<HandoverReception> logger, TimeProvider time)
{
    private readonly ConcurrentDictionary<ulong, long> _newest = new();
    private long _connections;
    private volatile bool _ending;

    /// <summary>Who may connect.</summary>
    public HandoverTickets Tickets { get; } = new();

    internal string Hostname => hostname;

    internal Spool.Spool Spool => spool;

    internal EventLog Events => events;

    internal ILogger Logger => logger;

    internal TimeProvider Time => time;

    /// <summary>Takes no message more: this node is going down. What is being received ends; questions are answered until the spool closes.</summary>
    public void End() => _ending = true;

    /// <summary>Why no mail is taken now; null where it is.</summary>
    internal Reply? Refusal() => _ending ? Replies.SystemFull : admission() is { } refusal ? refusal.IsTransient && refusal.Code != ReplyCode.NotAvailable ? refusal : Replies.SystemFull : null;

    /// <summary>Counts a donor's connection; the number rises.</summary>
    internal long Enter(ulong donor)
    {
        var number = Interlocked.Increment(ref _connections);
        _newest.AddOrUpdate(donor, number, (_, newest) => Math.Max(newest, number));
        return number;
    }

    /// <summary>Whether the donor has opened no connection since. What an older one says of the donor's whole stock may have been on its way for long, and not be so any more.</summary>
    internal bool IsNewest(ulong donor, long number) => _newest.TryGetValue(donor, out var newest) && newest == number;
}
