using System.Globalization;

namespace MailCluster.Spool.CrashWorker;

/// <summary>What is known of all mail that is handed over to and fro, and the judge of where each worker finds it.</summary>
internal sealed class HandoverLedger
{
    private readonly HashSet<long> _acknowledged = [];
    private readonly HashSet<long> _told = [];
    private readonly HashSet<long> _flushed = [];
    private readonly Dictionary<long, string> _handed = [];
    private readonly Dictionary<long, string> _found = [];
    private readonly List<string> _violations = [];

    /// <summary>What must not be, in words.</summary>
    public IReadOnlyList<string> Violations => _violations;

    /// <summary>Mails whose commit returned.</summary>
    public int Acknowledged => _acknowledged.Count;

    /// <summary>Mails that a receiver has acknowledged at least once.</summary>
    public int Handed => _handed.Count;

    /// <summary>Mails delivered and flushed.</summary>
    public int Delivered => _flushed.Count;

    /// <summary>Marks that were settled after a crash because the receiver had the message, and because it had not.</summary>
    public (int Had, int Kept) Settled { get; private set; }

    /// <summary>Mails found at starts.</summary>
    public int Found { get; private set; }

    /// <summary>A line of a worker's journal. True where it was the last of what it found.</summary>
    public bool Take(string line)
    {
        var words = line.Split(' ');
        switch (words[0])
        {
            case "A":
                _acknowledged.Add(Number(words[1]));
                break;
            case "H":
                _handed[Number(words[1])] = words[2];
                break;
            case "T":
                _told.Add(Number(words[1]));
                break;
            case "F":
                _flushed.Add(Number(words[1]));
                break;
            case "C":
                Settled = (Settled.Had + (int)Number(words[1]), Settled.Kept + (int)Number(words[2]));
                break;
            case "R":
                TakeFound(words);
                break;
            case "E":
                Judge();
                return true;
            default:
                _violations.Add(line);
                break;
        }
        return false;
    }

    private void TakeFound(string[] words)
    {
        var number = Number(words[1]);
        Found++;
        if (!_found.TryAdd(number, words[2]))
        {
            _violations.Add($"{number} is in both spools.");
        }
        if (_handed.TryGetValue(number, out var stood) && words[4] != stood)
        {
            _violations.Add($"{number} stood at {stood} when it was handed over, and now at {words[4]}.");
        }
        if (words[3] != "1")
        {
            _violations.Add($"{number} is in the spool {words[2]} and not in its queue.");
        }
    }

    private void Judge()
    {
        foreach (var number in _acknowledged)
        {
            if (!_told.Contains(number) && !_found.ContainsKey(number))
            {
                _violations.Add($"{number} is lost.");
            }
        }
        foreach (var number in _found.Keys)
        {
            if (_flushed.Contains(number))
            {
                _violations.Add($"{number} was delivered, and has come back in {_found[number]}.");
            }
            // It may have been on its way in, or out.
            _acknowledged.Add(number);
            _told.Remove(number);
        }
        _found.Clear();
    }

    private static long Number(string word) => long.Parse(word, CultureInfo.InvariantCulture);
}
