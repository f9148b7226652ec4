using System.Collections.Immutable;
using MailCluster.Actors.Sites;
using MailCluster.Node.Cluster;

namespace MailCluster.EndToEnd.Tests.Cluster;

/// <summary>One node of the simulation: its process, which dies, and its disk, which does not.</summary>
internal sealed class SimulatedNode(string name)
{
    private ClusterRecord? _disk;
    private long _incarnation;

    public string Name => name;

    public Voter Id => new(name, _incarnation);

    public BootstrapState? State { get; private set; }

    public bool IsAlive => State is not null;

    public double PausedUntil { get; set; }

    public double StartedAt { get; private set; }

    /// <summary>The founder's identity; null before the join was heard.</summary>
    public string? Cluster { get; set; }

    public ImmutableArray<string> Targets { get; set; } = [];

    /// <summary>Members, and whether they are up.</summary>
    public Dictionary<Voter, bool> View { get; } = [];

    public HashSet<Voter> Gone { get; } = [];

    public HashSet<Voter> Silent { get; set; } = [];

    public double SilentSince { get; set; }

    public Dictionary<Voter, double> LastReached { get; } = [];

    public Dictionary<string, double> AskedUntil { get; } = [];

    public double CurrentUntil { get; set; }

    public double GivesUpAt { get; set; }

    public bool IsReady { get; set; }

    public string Doing { get; set; } = "";

    public bool IsUp => View.GetValueOrDefault(Id);

    /// <summary>Takes mail: in the eyes of its clients. A paused process takes none.</summary>
    public bool Serves(double time) => IsAlive && IsReady && PausedUntil <= time;

    public void Begin(Founders founders, Moment now, double time)
    {
        _incarnation++;
        (StartedAt, PausedUntil) = (time, 0);
        State = new(Id, founders, _disk, now);
    }

    public void Die()
    {
        (State, Cluster, IsReady, CurrentUntil, Doing) = (null, null, false, 0, "");
        View.Clear();
        Gone.Clear();
        Silent.Clear();
        LastReached.Clear();
        AskedUntil.Clear();
    }

    public void Remove(Voter member)
    {
        View.Remove(member);
        Gone.Add(member);
    }

    public void Remember(ImmutableArray<string> members, Moment now)
    {
        if (_disk is null || !_disk.Members.SequenceEqual(members)) _disk = new(name, members, now.Wall);
    }
}
