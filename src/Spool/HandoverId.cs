namespace MailCluster.Spool;

/// <summary>
/// Names one handover of a message: one mark of it in one donor. Its number rises with every mark of the message, on whatever spool it is, so none is ever used twice; a message that wanders
/// back to a spool where it has been comes under another name.
/// </summary>
/// <param name="Donor">The <see cref="Spool.Id"/> of the spool that hands over; not always the one that named the message.</param>
/// <param name="Message">The message; it keeps its name.</param>
/// <param name="Number">From 1.</param>
public readonly record struct HandoverId(ulong Donor, QueueId Message, int Number)
{
    /// <summary>The donor, the message, and the number, with slashes between.</summary>
    public override string ToString() => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{Donor:x16}/{Message}/{Number}");
}
