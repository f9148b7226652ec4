namespace MailCluster.Spool;

/// <summary>What stands behind the states of a snapshot that has to do with a handover.</summary>
/// <param name="Donor">Where it was received by handover and not carried since: from which spool. Else 0.</param>
/// <param name="Receiver">Where it is marked: who gets it. Else null.</param>
internal readonly record struct HandoverTrailer(ulong Donor, string? Receiver)
{
    /// <summary>Writes it.</summary>
    public void Write(ByteWriter target)
    {
        target.Fixed64(Donor);
        target.String(Receiver);
    }

    /// <summary>Reads it.</summary>
    public static HandoverTrailer Read(ref ByteReader source) => new(source.Fixed64(), source.String());
}
