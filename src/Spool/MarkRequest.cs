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
