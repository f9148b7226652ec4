using System.Globalization;

namespace MailCluster.Actors.Tests.Sites;

/// <summary>What was counted in a run of <see cref="LeaseScale"/>, or in several.</summary>
internal sealed class LeaseScaleFigures
{
    private readonly List<double> _reuse = [];
    private double _served;
    private double _servable;

    /// <summary>Messages between nodes within the time that counts: requests, answers, offers, and the questions of new incarnations with their answers.</summary>
    public long Messages { get; set; }

    /// <summary>Of these, questions of new incarnations and their answers.</summary>
    public long Questions { get; set; }

    /// <summary>The most messages between nodes in one second.</summary>
    public long BusiestSecond { get; set; }

    /// <summary>Virtual seconds that count, over all runs.</summary>
    public double Seconds { get; set; }

    /// <summary>The least and the greatest part of its fair share that any node got of any site, where demand is steady.</summary>
    public (double Least, double Greatest) Share { get; set; } = (double.PositiveInfinity, 0);

    /// <summary>The longest that a node with mail had no connection to a site.</summary>
    public TimeSpan LongestWait { get; set; }

    /// <summary>The highest number of connections leased to a site at any time.</summary>
    public int MostLeased { get; set; }

    /// <summary>Grants that took effect.</summary>
    public long Grants { get; set; }

    /// <summary>A connection that somebody waited for was closed, and so long later another node had opened one.</summary>
    public void Reused(TimeSpan after) => _reuse.Add(after.TotalMilliseconds);

    /// <summary>Connections open, and those that could have been, in connection-seconds.</summary>
    public void Served(double open, double possible)
    {
        _served += open;
        _servable += possible;
    }

    /// <summary>What was open of what could have been.</summary>
    public double Utilisation => _servable > 0 ? _served / _servable : 1;

    /// <summary>How many slots went from one node to another.</summary>
    public int Handed => _reuse.Count;

    /// <summary>The time that so many hundredths of the freed slots took at most until they were used again.</summary>
    public double ReuseMilliseconds(int percent)
    {
        if (_reuse.Count == 0) return 0;
        _reuse.Sort();
        return _reuse[Math.Min(_reuse.Count - 1, _reuse.Count * percent / 100)];
    }

    /// <summary>One row of the table in docs/scaling.md.</summary>
    public string Row(LeaseScaleSetting setting, TimeSpan took) => string.Create(CultureInfo.InvariantCulture,
        $"| {setting.Name} | {setting.Nodes:N0} | {setting.Destinations:N0} | {setting.NodesEach:N0} | {setting.Limit:N0} | {setting.Runs:N0} | {Messages / Seconds:N0} | {Messages / Seconds / setting.Nodes:N1} | {BusiestSecond:N0} "
        + $"| {Utilisation:P1} | {(double.IsInfinity(Share.Least) ? "–" : string.Create(CultureInfo.InvariantCulture, $"{Share.Least:N2} … {Share.Greatest:N2}"))} | {LongestWait.TotalSeconds:N1} "
        + $"| {Handed:N0} | {ReuseMilliseconds(50):N0} / {ReuseMilliseconds(99):N0} | {MostLeased:N0} | {took.TotalSeconds:N1} |");
}
