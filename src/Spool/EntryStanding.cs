using System.Collections.Immutable;

namespace MailCluster.Spool;

/// <summary>Where a message's recipients at one destination stand: what a receiver of the message must know to go on where the donor stopped.</summary>
/// <param name="HasEnded">True where all of them have ended; the rest is then not known any more.</param>
/// <param name="Attempts">Attempts so far.</param>
/// <param name="NextAttempt">When those that are open are due.</param>
/// <param name="DelayReported">True where the sender has been told of the delay.</param>
/// <param name="Recipients">All of them, in the order of the envelope, with their last detail.</param>
public sealed record EntryStanding(bool HasEnded, int Attempts, DateTimeOffset NextAttempt, bool DelayReported, ImmutableArray<RecipientOutcome> Recipients)
{
    /// <summary>An entry all of whose recipients have ended.</summary>
    public static EntryStanding Ended { get; } = new(true, 0, default, false, []);
}
