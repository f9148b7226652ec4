namespace MailCluster.Actors.Sites;

/// <summary>A moment on both clocks. A lease has run out when either says so: the monotonic clock stands still while a machine sleeps, the wall clock may be set back.</summary>
/// <param name="Monotonic">Never goes back.</param>
/// <param name="Wall">What the world calls it.</param>
public readonly record struct LeaseInstant(TimeSpan Monotonic, DateTimeOffset Wall)
{
    /// <summary>The time from then to this moment: the longer of what the two clocks say, never negative.</summary>
    public TimeSpan Since(LeaseInstant then)
    {
        var monotonic = Monotonic - then.Monotonic;
        var wall = Wall - then.Wall;
        var longer = monotonic > wall ? monotonic : wall;
        return longer > TimeSpan.Zero ? longer : TimeSpan.Zero;
    }
}
