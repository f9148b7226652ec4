namespace MailCluster.Spool;

/// <summary>
/// The last few large envelopes that were read from the disk, by the place of their record. A message to 50,000 destinations is opened once for each, and would else be read and decoded whole
/// each time. Small envelopes are not kept: reading them is one read anyway. Safe from any thread.
/// </summary>
internal sealed class RecentMessages
{
    /// <summary>Octets of a record's checked part from which it is kept.</summary>
    internal const int Smallest = 8 << 10;

    /// <summary>Octets of all that is kept, as they stand on disk; in memory they are several times as many. The newest is kept whatever its size.</summary>
    private const int Octets = 4 << 20;

    private const int Most = 16;

    private readonly Lock _gate = new();
    /// <summary>Last used first.</summary>
    private readonly List<(uint Segment, long Offset, LoadedMessage Message)> _kept = new(Most);
    private volatile bool _isEmpty = true;

    /// <summary>The message whose record stands there, or null.</summary>
    public LoadedMessage? Find(uint segment, long offset, QueueId id)
    {
        if (_isEmpty)
        {
            return null;
        }
        lock (_gate)
        {
            for (var i = 0; i < _kept.Count; i++)
            {
                var kept = _kept[i];
                if (kept.Segment == segment && kept.Offset == offset && kept.Message.Header.Id == id)
                {
                    _kept.RemoveAt(i);
                    _kept.Insert(0, kept);
                    return kept.Message;
                }
            }
        }
        return null;
    }

    /// <summary>Keeps a message that was read, if it is large, and lets go of those used longest ago.</summary>
    public void Keep(uint segment, long offset, LoadedMessage message)
    {
        if (message.Header.CheckedLength < Smallest)
        {
            return;
        }
        lock (_gate)
        {
            _kept.RemoveAll(kept => kept.Message.Header.Id == message.Header.Id);
            _kept.Insert(0, (segment, offset, message));
            while (_kept.Count > Most || (_kept.Count > 1 && _kept.Sum(static kept => (long)kept.Message.Header.CheckedLength) > Octets))
            {
                _kept.RemoveAt(_kept.Count - 1);
            }
            _isEmpty = false;
        }
    }

    /// <summary>The message has ended, or cannot be read.</summary>
    public void Forget(QueueId id)
    {
        if (_isEmpty)
        {
            return;
        }
        lock (_gate)
        {
            _kept.RemoveAll(kept => kept.Message.Header.Id == id);
            _isEmpty = _kept.Count == 0;
        }
    }
}
