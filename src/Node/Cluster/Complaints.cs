using System.Collections.Concurrent;

namespace MailCluster.Node.Cluster;

/// <summary>Says each thing once: again only when it changes, or after an hour. What is asked several times a second must not fill the log.</summary>
internal sealed partial class Complaints(ILogger<Complaints> logger, TimeProvider time)
{
    private static readonly TimeSpan Again = TimeSpan.FromHours(1);

    /// <summary>Subjects that are remembered: strangers can bring in new ones.</summary>
    private const int Most = 1000;

    private readonly ConcurrentDictionary<string, (string Text, long At)> _said = new(StringComparer.Ordinal);

    /// <summary>Says it of that subject, unless it was the last thing said of it.</summary>
    public void Say(string subject, string text)
    {
        var now = time.GetTimestamp();
        if (_said.TryGetValue(subject, out var last) && last.Text == text && time.GetElapsedTime(last.At, now) < Again) return;
        if (_said.Count >= Most) _said.Clear();
        _said[subject] = (text, now);
        Complaint(text);
    }

    /// <summary>There is nothing to say of the subject any more.</summary>
    public void Settle(string subject)
    {
        if (_said.TryRemove(subject, out _)) Settled(subject);
    }

    [LoggerMessage(40, LogLevel.Warning, "{Complaint}")]
    private partial void Complaint(string complaint);

    [LoggerMessage(41, LogLevel.Information, "{Subject}: as it should be now")]
    private partial void Settled(string subject);
}
