namespace MailCluster.Spool;

// What cannot be read is set aside and told, never dropped in silence.
public sealed partial class Spool
{
    private const int DamagesKept = 1000;

    private readonly List<SpoolDamage> _damage = [];
    private readonly List<(Segment Segment, long Offset, long Length, QueueId Id)> _toSetAside = [];
    private long _damageCount;

    /// <summary>Raised for each damage that is found, on a thread of its own; what opening found is in <see cref="DamageAtOpen"/>.</summary>
    public event Action<SpoolDamage>? Damaged;

    /// <summary>What opening found.</summary>
    public IReadOnlyList<SpoolDamage> DamageAtOpen { get; private set; } = [];

    /// <summary>Messages and records found unreadable since the spool was opened, opening included.</summary>
    public long DamageCount => Volatile.Read(ref _damageCount);

    /// <summary>A message cannot be read: whoever opens an entry of it is told so, its record goes to <c>corrupt/</c>, and it holds no segment back any more.</summary>
    internal void SetAside(QueueId id, string what)
    {
        Segment segment;
        MessageSlot message;
        int slot;
        lock (_gate)
        {
            slot = _index.Find(id);
            if (slot < 0 || (_index.Messages[slot].Flags & MessageFlags.SetAside) != 0)
            {
                return;
            }
            MarkSetAside(slot);
            message = _index.Messages[slot];
            segment = _segments[message.Segment];
            segment.Hold();
        }
        Report(new($"{segment.Path}, octet {message.Offset}", id, what));
        Chore(() =>
        {
            try
            {
                CopyAside(segment, message.Offset, message.Length, id);
            }
            finally
            {
                segment.Release();
            }
            LetGo(slot);
        });
    }

    /// <summary>Under the gate, or before the start.</summary>
    private void MarkSetAside(int slot)
    {
        ref var message = ref _index.Messages[slot];
        message.Flags |= MessageFlags.SetAside;
        _keptLarge.Add(_index.IdOf(message));
        DropHot(ref message);
        _recent.Forget(_index.IdOf(message));
        for (var entry = message.FirstEntry; entry >= 0; entry = _index.Entries[entry].Next)
        {
            _openRecipients -= _index.Entries[entry].Open + _index.Entries[entry].Owed;
        }
    }

    /// <summary>A copy is in <c>corrupt/</c>: the segment need not stay for the message. Its slots stay, so that no entry of it ever becomes another message's.</summary>
    private void LetGo(int slot)
    {
        lock (_gate)
        {
            ref var message = ref _index.Messages[slot];
            if ((message.Flags & MessageFlags.LetGo) == 0 && _segments.TryGetValue(message.Segment, out var segment))
            {
                message.Flags |= MessageFlags.LetGo;
                segment.LiveMessages--;
                segment.LiveOctets -= message.Length;
            }
        }
    }

    private void CopyAside(Segment segment, long offset, long length, QueueId id)
    {
        var name = id.IsPresent ? $"{id}.{segment.Number}-{offset}.record" : $"{segment.Number}-{offset}.octets";
        var path = Path.Combine(_layout.Corrupt, name);
        if (!File.Exists(path))
        {
            var bytes = GC.AllocateUninitializedArray<byte>((int)Math.Min(length, int.MaxValue / 2), pinned: true);
            var read = Disk.Read(segment.File, bytes, offset);
            using var file = Disk.Create(path);
            Disk.Write(file, [bytes.AsMemory(0, read)], 0);
            Disk.Sync(file);
        }
        if (id.IsPresent && File.Exists(_layout.LargeContent(id)))
        {
            Disk.Rename(_layout.LargeContent(id), Path.Combine(_layout.Corrupt, id + ".body"));
        }
        Disk.SyncDirectory(_layout.Corrupt);
    }

    /// <summary>What opening found damaged is copied once it may be written.</summary>
    private void CopyFoundAside()
    {
        foreach (var (segment, offset, length, id) in _toSetAside)
        {
            CopyAside(segment, offset, length, id);
            if (id.IsPresent && _index.Find(id) is >= 0 and var slot && _index.Messages[slot].Segment == segment.Number && _index.Messages[slot].Offset == offset)
            {
                LetGo(slot);
            }
        }
        _toSetAside.Clear();
    }

    private void Report(SpoolDamage damage)
    {
        Note(damage);
        if (Damaged is { } damaged)
        {
            new Thread(() => damaged(damage)) { IsBackground = true, Name = "spool-damage" }.Start();
        }
    }

    private void Note(SpoolDamage damage)
    {
        Interlocked.Increment(ref _damageCount);
        lock (_damage)
        {
            if (_damage.Count < DamagesKept)
            {
                _damage.Add(damage);
            }
        }
    }
}
