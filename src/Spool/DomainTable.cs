using System.Runtime.InteropServices;
using MailCluster.Protocol.Addressing;

namespace MailCluster.Spool;

/// <summary>Each destination once, however many entries name it; forgotten with the last.</summary>
internal sealed class DomainTable
{
    private readonly Dictionary<DomainName, int> _numbers = [];
    private readonly List<(DomainName Name, int Uses)> _domains = [];
    private readonly Stack<int> _free = new();

    /// <summary>The domain of a number.</summary>
    public DomainName this[int number] => _domains[number].Name;

    /// <summary>The number of a domain, used once more.</summary>
    public int Use(DomainName name)
    {
        ref var number = ref CollectionsMarshal.GetValueRefOrAddDefault(_numbers, name, out var exists);
        if (exists)
        {
            CollectionsMarshal.AsSpan(_domains)[number].Uses++;
        }
        else if (_free.TryPop(out number))
        {
            _domains[number] = (name, 1);
        }
        else
        {
            number = _domains.Count;
            _domains.Add((name, 1));
        }
        return number;
    }

    /// <summary>One use less.</summary>
    public void Release(int number)
    {
        ref var domain = ref CollectionsMarshal.AsSpan(_domains)[number];
        if (--domain.Uses == 0)
        {
            _numbers.Remove(domain.Name);
            domain.Name = default;
            _free.Push(number);
        }
    }
}
