namespace MailCluster.Spool;

// Copies of content kept in memory for the first delivery, by age.
public sealed partial class Spool
{
    private readonly Stack<int> _freeHot = new();
    private readonly List<PooledContent?> _hot = [];
    private PooledContent? _oldest;
    private PooledContent? _newest;

    /// <summary>Keeps what a writer has written, with its envelope, or gives it back where memory is short. Under the gate.</summary>
    private void KeepHot(int message, PooledContent content, Envelope envelope)
    {
        if (Pool.IsShort)
        {
            content.Release();
            return;
        }
        content.First.Link();
        content.Envelope = envelope;
        content.Message = message;
        content.Waiting = envelope.Destinations.Length;
        content.Older = _newest;
        if (_newest is null)
        {
            _oldest = content;
        }
        else
        {
            _newest.Newer = content;
        }
        _newest = content;
        if (!_freeHot.TryPop(out var place))
        {
            place = _hot.Count;
            _hot.Add(null);
        }
        _hot[place] = content;
        _index.Messages[message].Hot = place;
    }

    /// <summary>An entry of the message had its first delivery, and ended or must wait: with the last of them the copy goes. Under the gate.</summary>
    private void CoolDown(ref MessageSlot message)
    {
        if (message.Hot >= 0 && --_hot[message.Hot]!.Waiting == 0)
        {
            DropHot(ref message);
        }
    }

    private void DropHot(ref MessageSlot message)
    {
        if (message.Hot < 0)
        {
            return;
        }
        var content = _hot[message.Hot]!;
        _hot[message.Hot] = null;
        _freeHot.Push(message.Hot);
        message.Hot = -1;
        if (content.Older is { } older)
        {
            older.Newer = content.Newer;
        }
        else
        {
            _oldest = content.Newer;
        }
        if (content.Newer is { } newer)
        {
            newer.Older = content.Older;
        }
        else
        {
            _newest = content.Older;
        }
        content.Older = content.Newer = null;
        content.Release();
    }

    private bool DropOldestCopy()
    {
        lock (_gate)
        {
            if (_oldest is not { } oldest)
            {
                return false;
            }
            DropHot(ref _index.Messages[oldest.Message]);
            return true;
        }
    }
}
