namespace MailCluster.Spool;

// What cannot be read is set aside and told, never dropped in silence.
public sealed partial class Spool
{
    private readonly List<SpoolDamage> _damage = [];

    /// <summary>Raised for each damage that is found, on a thread of its own; what opening found is in <see cref="DamageAtOpen"/>.</summary>
    public event Action<SpoolDamage>? Damaged;

    /// <summary>What opening found.</summary>
    public IReadOnlyList<SpoolDamage> DamageAtOpen { get; private set; } = [];

    /// <summary>Messages and records that could not be read since the spool was opened.</summary>
    public long DamageCount => Volatile.Read(ref _damageCount);

    private long _damageCount;

    private void Report(SpoolDamage damage)
    {
        Interlocked.Increment(ref _damageCount);
        lock (_damage)
        {
            if (_damage.Count < 1000)
            {
                _damage.Add(damage);
            }
        }
        if (Damaged is { } damaged)
        {
            new Thread(() => damaged(damage)) { IsBackground = true, Name = "spool-damage" }.Start();
        }
    }

    internal void SetAside(QueueId id, string what)
    {
        lock (_gate)
        {
            var slot = _index.Find(id);
            if (slot < 0 || (_index.Messages[slot].Flags & MessageFlags.SetAside) != 0)
            {
                return;
            }
            _index.Messages[slot].Flags |= MessageFlags.SetAside;
        }
        Report(new("", id, what));
    }
}
