namespace MailCluster.Spool;

/// <summary>
/// The durable queue of one node. What <see cref="SpoolWriter.CommitAsync"/> has returned for, it never loses; what <see cref="Record"/> was told, it
/// makes durable within milliseconds. All members may be called from any thread.
/// </summary>
public abstract class Spool : IAsyncDisposable
{
    /// <summary>Opens the spool, or makes a new one, and reads what is in it. Writes nothing to one that exists, so it works on a full disk.</summary>
    /// <exception cref="IOException">The folder is locked by another process, or cannot be read; the message says which.</exception>
    public static Spool Open(SpoolOptions options) => throw new NotSupportedException(options.Directory);

    /// <summary>The spool's random id, half of the <see cref="QueueId"/>s it gives.</summary>
    public abstract ulong Id { get; }

    /// <summary>Whether new mail is taken. Cheap: read it at every MAIL.</summary>
    public abstract SpoolAdmission Admission { get; }

    /// <summary>Raised on a thread of its own when <see cref="Admission"/> changes.</summary>
    public abstract event Action<SpoolAdmission>? AdmissionChanged;

    /// <summary>Recipients that have not ended, in all messages.</summary>
    public abstract long OpenRecipients { get; }

    /// <summary>Starts the committer. <paramref name="arrivals"/> gets first all that was found at start, in parts, then each batch as it is committed: after it is durable, before the
    /// writers are woken. It runs on the committer's thread: it must be short, must not block or throw, and the list is only its own during the call.</summary>
    public abstract void Start(Action<IReadOnlyList<Arrival>> arrivals);

    /// <summary>Begins a message. Waits while the content pool is empty; the caller must hold none of it.</summary>
    public abstract ValueTask<SpoolWriter> BeginAsync(CancellationToken cancellation);

    /// <summary>Opens an entry for an attempt or a report: from memory where the content is still there, else from the disk.</summary>
    /// <exception cref="InvalidDataException">The record is damaged; the message has been set aside.</exception>
    public abstract ValueTask<SpooledDelivery> OpenAsync(EntryRef entry, CancellationToken cancellation);

    /// <summary>Records what became of an entry's recipients; lazily durable, in at most 5 ms. The message ends with its last recipient.</summary>
    public abstract void Record(EntryOutcome outcome);

    /// <summary>Records that the entry's one recipient, or all its open ones, were delivered. What <see cref="Record"/> would do, without its garbage.</summary>
    public abstract void RecordDelivered(EntryRef entry);

    /// <summary>The name of an entry's message.</summary>
    public abstract QueueId IdOf(EntryRef entry);

    /// <summary>Returns when all outcomes recorded before the call are durable.</summary>
    public abstract Task FlushAsync();

    /// <summary>Flushes and closes. Writers still open are aborted.</summary>
    public abstract ValueTask DisposeAsync();
}
