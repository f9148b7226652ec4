namespace MailCluster.Spool;

/// <summary>Some messages to be marked, ended or kept, and who waits for it. Changed by the committer alone.</summary>
/// <param name="type">What is to be written of each.</param>
/// <param name="count">How many there are.</param>
/// <param name="receiver">For a mark: who gets them.</param>
internal sealed class MarkRequest(RecordType type, int count, string? receiver)
{
    private readonly TaskCompletionSource<IReadOnlyList<HandingOver>> _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly List<HandingOver> _written = [];
    private IOException? _failure;
    private int _left = count;

    /// <summary>What is to be written of each.</summary>
    public RecordType Type => type;

    /// <summary>For a mark: who gets them.</summary>
    public string? Receiver => receiver;

    /// <summary>What was written, once no message is left.</summary>
    public Task<IReadOnlyList<HandingOver>> Done => _done.Task;

    /// <summary>One of them has been written, and is durable.</summary>
    public void Wrote(HandoverId handover, string? to)
    {
        _written.Add(new(handover, to ?? ""));
        Settle();
    }

    /// <summary>Nothing is to be written of one of them.</summary>
    public void PassedOver() => Settle();

    /// <summary>One of them could not be written.</summary>
    public void Failed(IOException failure)
    {
        _failure ??= failure;
        Settle();
    }

    private void Settle()
    {
        if (--_left > 0)
        {
            return;
        }
        if (_failure is { } failure)
        {
            _done.SetException(new IOException(failure.Message, failure));
        }
        else
        {
            _done.SetResult(_written);
        }
    }
}

/// <summary>One message of a request.</summary>
/// <param name="Request">The request.</param>
/// <param name="Message">The message.</param>
/// <param name="Number">Of a mark: the number of the newest one that its record knows of; else the handover that it must be marked with.</param>
/// <param name="Times">Of one that is kept: what the queue is told again.</param>
internal readonly record struct PendingMark(MarkRequest Request, QueueId Message, int Number, KeptTimes? Times);

/// <summary>What the index does not know of a message, and the queue must.</summary>
/// <param name="Arrived">When it was accepted.</param>
/// <param name="Size">Octets of content.</param>
/// <param name="NextAttempts">When its entries are due, by the numbers of their destinations.</param>
internal sealed record KeptTimes(DateTimeOffset Arrived, long Size, Dictionary<int, DateTimeOffset> NextAttempts);

/// <summary>What becomes of a message in the index once its record is durable.</summary>
internal readonly record struct MarkChange(PendingMark Source, int Slot, RecordHeader Header, long Offset, string? Receiver);
