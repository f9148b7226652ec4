using System.Collections.Immutable;
using MailCluster.Protocol.Content;

namespace MailCluster.Spool;

/// <summary>
/// All of a message but its content, in octets: what one node's spool says to another's when the message moves. The parts are those of the records on the disk, behind a version of their own.
/// </summary>
/// <param name="Envelope">The envelope. For a report of ours without what it reports: that is recorded at the donor, and no other spool may act on it.</param>
/// <param name="Traits">What the content is like.</param>
/// <param name="Entries">Where its recipients stand, in the order of the envelope's destinations.</param>
public sealed record MessageBlock(Envelope Envelope, ContentTraits Traits, ImmutableArray<EntryStanding> Entries)
{
    /// <summary>A reader takes all versions up to its own; fields that a later release adds stand behind those that it knows.</summary>
    private const byte Version = 1;

    /// <summary>Writes it.</summary>
    public byte[] ToArray()
    {
        var target = new ByteWriter(1024);
        target.Byte(Version);
        target.Byte((byte)Traits);
        EnvelopeCodec.Write(target, Envelope with { Report = null });
        foreach (var entry in Entries)
        {
            if (entry.HasEnded)
            {
                SnapshotStates.WriteEnded(target);
                continue;
            }
            var open = entry.Recipients.Count(static recipient => recipient.Status == RecipientStatus.Open);
            var owed = entry.Recipients.Count(static recipient => recipient.Status is RecipientStatus.FailedReportOwed or RecipientStatus.RelayedReportOwed);
            var flags = entry.DelayReported ? StateFlags.DelayReported : StateFlags.None;
            SnapshotStates.Write(target, new(flags, entry.Attempts, entry.NextAttempt, entry.Recipients.Length, open, owed, 0, 0, 0), entry.Recipients.AsSpan());
        }
        return target.Span.ToArray();
    }

    /// <summary>Reads it; null where it cannot be what <see cref="ToArray"/> of this release or an older one wrote.</summary>
    public static MessageBlock? Read(ReadOnlySpan<byte> source)
    {
        var reader = new ByteReader(source);
        if (reader.Byte() is 0 or > Version)
        {
            return null;
        }
        var traits = (ContentTraits)reader.Byte();
        if (EnvelopeCodec.Read(ref reader) is not { Destinations.IsEmpty: false } envelope)
        {
            return null;
        }
        var entries = ImmutableArray.CreateBuilder<EntryStanding>(envelope.Destinations.Length);
        foreach (var destination in envelope.Destinations)
        {
            var recipients = StateRecord.Fresh(destination.Recipients.Length);
            if (!SnapshotStates.TryRead(ref reader, recipients, out var state) || reader.Failed || (state is { } known && known.Total != recipients.Length))
            {
                return null;
            }
            entries.Add(state is { } standing
                ? new(false, standing.Attempts, standing.NextAttempt, (standing.Flags & StateFlags.DelayReported) != 0, [.. recipients])
                : EntryStanding.Ended);
        }
        return envelope.Destinations.All(static destination => !destination.Recipients.IsEmpty) && entries.Any(static entry => !entry.HasEnded)
            ? new(envelope, traits, entries.MoveToImmutable())
            : null;
    }
}
