using MailCluster.Protocol.Addressing;

namespace MailCluster.Spool;

/// <summary>An entry that the queue must take: just committed, or found at start.</summary>
/// <param name="Entry">The entry.</param>
/// <param name="Destination">Its destination.</param>
/// <param name="Open">Recipients that wait for an attempt.</param>
/// <param name="ReportsOwed">Recipients that a report is owed for (only at start).</param>
/// <param name="Arrived">When the message was accepted.</param>
/// <param name="Attempts">Attempts so far.</param>
/// <param name="NextAttempt">When it is due; <paramref name="Arrived"/> where no attempt has been made.</param>
/// <param name="DelayReported">True where the sender has been told of the delay.</param>
/// <param name="Size">Octets of content.</param>
public readonly record struct Arrival(EntryRef Entry, DomainName Destination, int Open, int ReportsOwed, DateTimeOffset Arrived, int Attempts, DateTimeOffset NextAttempt, bool DelayReported, long Size);
