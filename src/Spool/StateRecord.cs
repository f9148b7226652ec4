namespace MailCluster.Spool;

/// <summary>
/// Where the recipients of an entry stand: the numbers are whole, the recipients those that changed since the record it builds on. So 50,000 recipients
/// in 500 transactions cost 500 short records, and no reader follows more than <see cref="MaximumDepth"/> of them.
/// </summary>
/// <param name="Flags">See there.</param>
/// <param name="Attempts">Attempts so far.</param>
/// <param name="NextAttempt">When the open recipients are due.</param>
/// <param name="Total">Recipients of the entry.</param>
/// <param name="Open">Those that wait.</param>
/// <param name="Owed">Those that a report is owed for.</param>
/// <param name="Depth">Records behind this that must be read.</param>
/// <param name="BaseSegment">The record that this one adds to; 0 for the message's own.</param>
/// <param name="BaseOffset">Where in that segment.</param>
internal readonly record struct StateRecord(
    StateFlags Flags, int Attempts, DateTimeOffset NextAttempt, int Total, int Open, int Owed, byte Depth, uint BaseSegment, uint BaseOffset)
{
    /// <summary>Past so many records behind it, a record says all again.</summary>
    public const int MaximumDepth = 64;

    /// <summary>Writes the numbers, then the recipients that changed.</summary>
    public void Write(ByteWriter target, ReadOnlySpan<RecipientOutcome> changes)
    {
        target.Byte((byte)Flags);
        target.Number(Attempts);
        target.Fixed64((ulong)NextAttempt.UtcTicks);
        target.Number(Total);
        target.Number(Open);
        target.Number(Owed);
        target.Byte(Depth);
        target.Number((ulong)BaseSegment);
        target.Number((ulong)BaseOffset);
        var details = new List<OutcomeDetail>();
        var numbers = new Dictionary<object, int>(ReferenceEqualityComparer.Instance);
        foreach (var change in changes)
        {
            if (change.Detail is { } detail && numbers.TryAdd(detail, details.Count + 1))
            {
                details.Add(detail);
            }
        }
        target.Number(details.Count);
        foreach (var detail in details)
        {
            EnvelopeCodec.WriteReply(target, detail.Reply);
            target.String(detail.RemoteMta);
            EnvelopeCodec.Time(target, detail.At);
            target.Byte(detail.Expired ? (byte)1 : (byte)0);
        }
        // Runs of neighbours with the same word; they need not rise.
        for (var i = 0; i < changes.Length;)
        {
            var first = changes[i];
            var run = 1;
            while (i + run < changes.Length && changes[i + run].Recipient == first.Recipient + run && changes[i + run].Status == first.Status
                && ReferenceEquals(changes[i + run].Detail, first.Detail))
            {
                run++;
            }
            target.Number(run);
            target.Number(first.Recipient);
            target.Byte((byte)first.Status);
            target.Number(first.Detail is null ? 0 : numbers[first.Detail]);
            i += run;
        }
        target.Number(0);
    }

    /// <summary>Reads the numbers.</summary>
    public static StateRecord Read(ref ByteReader source) => new(
        (StateFlags)source.Byte(), source.Int(), new DateTimeOffset(Math.Clamp((long)source.Fixed64(), 0, DateTime.MaxValue.Ticks), TimeSpan.Zero),
        source.Int(), source.Int(), source.Int(), source.Byte(), (uint)source.Number(), (uint)source.Number());

    /// <summary>Reads the recipients that changed, behind the numbers, into <paramref name="recipients"/>; false where it cannot be what was written.</summary>
    public bool ReadChanges(ref ByteReader source, Span<RecipientOutcome> recipients)
    {
        if ((Flags & StateFlags.OpenDelivered) != 0)
        {
            foreach (ref var recipient in recipients)
            {
                if (recipient.Status == RecipientStatus.Open)
                {
                    recipient = new(recipient.Recipient, RecipientStatus.Delivered, null);
                }
            }
        }
        var details = new OutcomeDetail[source.Count()];
        for (var i = 0; i < details.Length && !source.Failed; i++)
        {
            details[i] = new(EnvelopeCodec.ReadReply(ref source), source.String(), EnvelopeCodec.Time(ref source), source.Byte() != 0);
        }
        while (source.Int() is > 0 and var run)
        {
            var first = source.Int();
            var status = (RecipientStatus)source.Byte();
            var detail = source.Int();
            if (source.Failed || first > recipients.Length - run || detail > details.Length)
            {
                return false;
            }
            for (var i = first; i < first + run; i++)
            {
                recipients[i] = new(i, status, detail == 0 ? null : details[detail - 1]);
            }
        }
        return !source.Failed;
    }

    /// <summary>Passes over the recipients that changed.</summary>
    public static void Skip(ref ByteReader source)
    {
        var details = source.Count();
        for (var i = 0; i < details && !source.Failed; i++)
        {
            EnvelopeCodec.ReadReply(ref source);
            source.String();
            EnvelopeCodec.Time(ref source);
            source.Byte();
        }
        while (source.Int() > 0)
        {
            source.Int();
            source.Byte();
            source.Int();
        }
    }

    /// <summary>Recipients that all wait for their first attempt.</summary>
    public static RecipientOutcome[] Fresh(int total)
    {
        var recipients = new RecipientOutcome[total];
        for (var i = 0; i < total; i++)
        {
            recipients[i] = new(i, RecipientStatus.Open, null);
        }
        return recipients;
    }
}
