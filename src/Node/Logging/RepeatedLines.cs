namespace MailCluster.Node.Logging;

/// <summary>
/// Lets a line through the first time, and then counts it until a while has passed. Akka's remoting says of a peer that is down what it said five seconds ago, for as long as the peer is down;
/// the log is for what changes.
/// </summary>
/// <param name="time">The clock.</param>
internal sealed class RepeatedLines(TimeProvider time)
{
    /// <summary>Lines that are remembered; past them all are forgotten, and may be said once more.</summary>
    public const int Most = 1000;

    private readonly Dictionary<string, (long At, long Held)> _said = new(StringComparer.Ordinal);

    /// <summary>Whether the line may be written.</summary>
    /// <param name="line">What makes two lines the same.</param>
    /// <param name="interval">How long it is only counted after it was written.</param>
    /// <param name="held">How often it has been held back since it was written last.</param>
    public bool Admit(string line, TimeSpan interval, out long held)
    {
        var now = time.GetTimestamp();
        if (_said.TryGetValue(line, out var last) && time.GetElapsedTime(last.At, now) < interval)
        {
            held = last.Held + 1;
            _said[line] = (last.At, held);
            return false;
        }

        held = last.Held;
        if (_said.Count >= Most) _said.Clear();
        _said[line] = (now, 0);
        return true;
    }
}
