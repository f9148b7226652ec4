using System.Numerics;

namespace MailCluster.Actors.Queue;

/// <summary>
/// A hierarchical timer wheel for small numbers (of entries, of destinations): setting, moving and cancelling cost the same however many there are, at 12 octets each.
/// Six levels of 64 slots. A timer lies on the level of the highest group of six bits in which its tick differs from the present one, so every slot that is taken lies in the future,
/// those of a lower level before all of a higher one; when the present reaches a slot of a higher level, its timers are spread over the levels below. Nothing ticks:
/// <see cref="NextTime"/> says when to call <see cref="Advance"/> next. A timer never fires early, and late by a tick at most.
/// </summary>
public sealed class TimerWheel
{
    /// <summary>The resolution.</summary>
    public static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(16);

    private const int Levels = 6;
    private const int SlotsPerLevel = 64;
    private const int NotSet = -1;

    private struct Timer
    {
        public int Next;        // NotSet where it is the last
        public int Previous;    // NotSet where the timer is not set; below: the first of slot -2 - Previous
        public uint At;
    }

    private readonly ChunkedArray<Timer> _timers = new();
    private readonly int[] _slots = new int[Levels * SlotsPerLevel];
    private readonly ulong[] _taken = new ulong[Levels];
    private int _known;
    private DateTimeOffset _origin;
    private uint _present;

    /// <summary>An empty wheel that starts now.</summary>
    public TimerWheel(DateTimeOffset now) => Clear(now);

    /// <summary>Timers set.</summary>
    public int Count { get; private set; }

    /// <summary>True where the clock has gone back, or the wheel has turned so long that it should begin anew: clear it and set all timers again.</summary>
    public bool MustBeginAnew(DateTimeOffset now) => now < _origin + _present * Tick - TimeSpan.FromSeconds(1) || _present > uint.MaxValue / 2;

    /// <summary>Cancels all and starts now.</summary>
    public void Clear(DateTimeOffset now)
    {
        _origin = now;
        _present = 0;
        Count = 0;
        Array.Clear(_taken);
        Array.Fill(_slots, NotSet);
        for (var i = 0; i < _known; i++)
        {
            _timers[i].Previous = NotSet;
        }
    }

    /// <summary>When the wheel must be advanced next; null where no timer is set. It may turn out that nothing fires then.</summary>
    public DateTimeOffset? NextTime => TryFindNext(out _, out var start) ? _origin + start * Tick : null;

    /// <summary>Sets a timer, or moves it.</summary>
    /// <param name="number">Whose timer; numbers should be small, they are places in an array.</param>
    /// <param name="at">When it fires; in the past: at the next <see cref="Advance"/>.</param>
    public void Set(int number, DateTimeOffset at)
    {
        while (_known <= number)
        {
            _timers.Reach(_known);
            _timers[_known++].Previous = NotSet;
        }
        var ticks = (at - _origin + Tick - TimeSpan.FromTicks(1)) / Tick;
        var tick = ticks <= _present ? _present : ticks >= uint.MaxValue ? uint.MaxValue : (uint)ticks;
        if (IsSet(number) && _timers[number].At == tick)
        {
            return;
        }
        Cancel(number);
        _timers[number].At = tick;
        Insert(number);
        Count++;
    }

    /// <summary>Cancels a timer; one that is not set is left so.</summary>
    public void Cancel(int number)
    {
        if (number >= _known || _timers[number].Previous == NotSet)
        {
            return;
        }
        ref var timer = ref _timers[number];
        if (timer.Next != NotSet)
        {
            _timers[timer.Next].Previous = timer.Previous;
        }
        if (timer.Previous >= 0)
        {
            _timers[timer.Previous].Next = timer.Next;
        }
        else
        {
            var slot = -2 - timer.Previous;
            _slots[slot] = timer.Next;
            if (timer.Next == NotSet)
            {
                _taken[slot / SlotsPerLevel] &= ~(1UL << (slot % SlotsPerLevel));
            }
        }
        timer.Previous = NotSet;
        Count--;
    }

    /// <summary>True where the timer is set.</summary>
    public bool IsSet(int number) => number < _known && _timers[number].Previous != NotSet;

    /// <summary>Moves the present on, and adds the numbers of the timers that fire to <paramref name="fired"/>, in the order of their ticks. They are no longer set.</summary>
    public void Advance(DateTimeOffset now, List<int> fired)
    {
        var ticks = (now - _origin) / Tick;
        var target = ticks <= _present ? _present : (uint)Math.Min(ticks, uint.MaxValue);
        while (TryFindNext(out var slot, out var start) && start <= target)
        {
            _present = start;
            var number = _slots[slot];
            _slots[slot] = NotSet;
            _taken[slot / SlotsPerLevel] &= ~(1UL << (slot % SlotsPerLevel));
            while (number != NotSet)
            {
                ref var timer = ref _timers[number];
                var next = timer.Next;
                if (slot < SlotsPerLevel)
                {
                    timer.Previous = NotSet;
                    Count--;
                    fired.Add(number);
                }
                else
                {
                    Insert(number);
                }
                number = next;
            }
        }
        _present = target;
    }

    private void Insert(int number)
    {
        ref var timer = ref _timers[number];
        var level = (31 - BitOperations.LeadingZeroCount((timer.At ^ _present) | 1)) / 6;
        var place = (int)(timer.At >> (6 * level)) & (SlotsPerLevel - 1);
        var slot = level * SlotsPerLevel + place;
        timer.Next = _slots[slot];
        timer.Previous = -2 - slot;
        if (timer.Next != NotSet)
        {
            _timers[timer.Next].Previous = number;
        }
        _slots[slot] = number;
        _taken[level] |= 1UL << place;
    }

    private bool TryFindNext(out int slot, out uint start)
    {
        for (var level = 0; level < Levels; level++)
        {
            if (_taken[level] == 0)
            {
                continue;
            }
            var place = BitOperations.TrailingZeroCount(_taken[level]);
            slot = level * SlotsPerLevel + place;
            var shift = 6 * level;
            var above = shift + 6 >= 32 ? 0u : _present >> (shift + 6) << (shift + 6);
            start = Math.Max(above | ((uint)place << shift), _present);
            return true;
        }
        slot = NotSet;
        start = 0;
        return false;
    }
}
