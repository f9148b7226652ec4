namespace MailCluster.Spool;

// How messages leave for another node, and come from one. A message is at any time in exactly one spool that may deliver it: the donor marks it, durably, before a receiver may see it, and from
// then on neither delivers nor expires it until the receiver has said whether it had it.
public sealed partial class Spool
{
    /// <summary>Octets of a receiver's name, at most.</summary>
    public const int LongestReceiver = 255;

    /// <summary>The messages that have not ended, marked ones too, about in the order in which they came. Holds nothing of them; what comes or ends meanwhile may be in it or not. Those set aside
    /// as damaged are not.</summary>
    public IEnumerable<QueueId> OpenMessages() => throw new NotImplementedException();

    /// <summary>The messages that are marked: after a start, those whose receivers must be asked (<see cref="HasHadAsync"/> there) before anything else is done with them. The start does not give
    /// them to the queue.</summary>
    public IEnumerable<HandingOver> MarkedMessages() => throw new NotImplementedException();

    /// <summary>Opens a whole message, to be handed over. Null where it has ended.</summary>
    /// <exception cref="InvalidDataException">The record is damaged; the message has been set aside.</exception>
    public ValueTask<SpooledMessage?> OpenMessageAsync(QueueId id, CancellationToken cancellation) => throw new NotImplementedException();

    /// <summary>
    /// Marks messages as handing over. When this returns the marks are on stable storage, with one sync for many of them: only then may anything of the messages be sent. Returns what was marked, each
    /// under the name that it goes by; those that have ended, are set aside or marked already are left out. The queue must have let go of the messages before.
    /// </summary>
    /// <exception cref="IOException">The marks could not be written: none of them counts, save those of an earlier batch of the same call.</exception>
    public Task<IReadOnlyList<HandingOver>> MarkAsync(IReadOnlyCollection<QueueId> messages, string receiver) => throw new NotImplementedException();

    /// <summary>Ends marked messages, all recipients at once: their receiver has acknowledged them, or said that it had them. Durable when it returns. Raises no events and owes no reports: whatever
    /// was owed, the receiver owes now. Returns how many it ended; those that are not marked by that handover are left alone, so it may be repeated.</summary>
    /// <exception cref="IOException">It could not be written: repeat it; a start would find the messages marked, and ask.</exception>
    public Task<int> EndHandedOverAsync(IReadOnlyCollection<HandoverId> handovers) => throw new NotImplementedException();

    /// <summary>Takes marks back: the receiver has said that it never had these, and so never will. When that is durable, the queue gets the messages with attempts and next attempt as they were.
    /// Returns how many there were; others are left alone.</summary>
    /// <exception cref="IOException">It could not be written: repeat it.</exception>
    public Task<int> KeepAsync(IReadOnlyCollection<HandoverId> handovers) => throw new NotImplementedException();

    /// <summary>
    /// Begins to receive a message by handover. The writer has the message's own name; its commit (<see cref="SpoolWriter.CommitReceivedAsync"/>) writes envelope, content, where the entries stand and
    /// that this handover was received, in one record. Waits while the content pool is empty; the caller must hold none of it.
    /// </summary>
    public ValueTask<ReceivingMessage> BeginReceivingAsync(HandoverId handover, CancellationToken cancellation) => throw new NotImplementedException();

    /// <summary>
    /// Whether a handover was received: true from the commit on, whatever becomes of the message, over restarts, until <see cref="ForgetHandoversAsync"/>. Where the message is being committed just
    /// now, waits for that. Once it has said false, this handover can never be received any more, however late the rest of it comes, so that the donor may deliver the message itself or hand it to
    /// somebody else.
    /// </summary>
    public ValueTask<bool> HasHadAsync(HandoverId handover, CancellationToken cancellation) => throw new NotImplementedException();

    /// <summary>Forgets which handovers of a donor were received: it has said that no message of its is marked for us any more, so it will never ask. The messages stay. Without this 8 to 16 octets a
    /// message are kept for ever, in memory and on the disk.</summary>
    public Task ForgetHandoversAsync(ulong donor) => throw new NotImplementedException();
}
