namespace MailCluster.Spool;

/// <summary>
/// Handovers, by donor: 8 octets each in a table that is between a third and two thirds full. Not safe from several threads.
/// </summary>
internal sealed class HandoverSet
{
    /// <summary>The largest number that a handover can have here.</summary>
    public const int LargestHandover = (1 << HandoverBits) - 1;

    private const int HandoverBits = 16;

    // By the donor, and by the spool that named the message: mostly the same.
    private readonly Dictionary<(ulong Donor, ulong Home), Table> _tables = [];

    /// <summary>How many there are.</summary>
    public int Count => _tables.Values.Sum(static table => table.Count);

    /// <summary>Whether the handovers of a message of that name can be held: its number must leave room for theirs. A spool reaches the limit after 2^48 messages.</summary>
    public static bool CanHold(QueueId message) => message.Number is > 0 and < 1UL << (64 - HandoverBits);

    /// <summary>Whether it is in the set.</summary>
    public bool Contains(HandoverId handover) => _tables.TryGetValue((handover.Donor, handover.Message.Spool), out var table) && table.Contains(Key(handover));

    /// <summary>Adds one; false where it is in the set.</summary>
    public bool Add(HandoverId handover)
    {
        ref var table = ref System.Runtime.InteropServices.CollectionsMarshal.GetValueRefOrAddDefault(_tables, (handover.Donor, handover.Message.Spool), out _);
        return (table ??= new()).Add(Key(handover));
    }

    /// <summary>Removes all of a donor's.</summary>
    public void RemoveAll(ulong donor)
    {
        foreach (var key in _tables.Keys.Where(key => key.Donor == donor).ToList())
        {
            _tables.Remove(key);
        }
    }

    /// <summary>Writes all.</summary>
    public void Write(ByteWriter target)
    {
        target.Number(_tables.Count);
        foreach (var ((donor, home), table) in _tables)
        {
            target.Fixed64(donor);
            target.Fixed64(home);
            target.Number(table.Count);
            table.Write(target);
        }
    }

    /// <summary>Adds all that <see cref="Write"/> has written.</summary>
    public void Read(ref ByteReader source)
    {
        for (var tables = source.Count(); tables > 0 && !source.Failed; tables--)
        {
            var table = new Table();
            _tables[(source.Fixed64(), source.Fixed64())] = table;
            for (var count = source.Count(); count > 0 && !source.Failed; count--)
            {
                table.Add(source.Fixed64());
            }
        }
    }

    private static ulong Key(HandoverId handover) => (handover.Message.Number << HandoverBits) | (uint)handover.Number;

    /// <summary>Open addressing; 0 is free, since numbers begin at 1.</summary>
    private sealed class Table
    {
        private ulong[] _keys = new ulong[16];

        public int Count { get; private set; }

        public bool Contains(ulong key)
        {
            var place = Place(_keys, key);
            return _keys[place] == key;
        }

        public bool Add(ulong key)
        {
            var place = Place(_keys, key);
            if (_keys[place] == key)
            {
                return false;
            }
            _keys[place] = key;
            if (++Count * 3L > _keys.Length * 2L)
            {
                var larger = new ulong[_keys.Length * 2];
                foreach (var moved in _keys)
                {
                    if (moved != 0)
                    {
                        larger[Place(larger, moved)] = moved;
                    }
                }
                _keys = larger;
            }
            return true;
        }

        public void Write(ByteWriter target)
        {
            foreach (var key in _keys)
            {
                if (key != 0)
                {
                    target.Fixed64(key);
                }
            }
        }

        private static int Place(ulong[] keys, ulong key)
        {
            var mask = keys.Length - 1;
            var place = (int)((key * 0x9E3779B97F4A7C15) >> 32) & mask;
            while (keys[place] != 0 && keys[place] != key)
            {
                place = (place + 1) & mask;
            }
            return place;
        }
    }
}
