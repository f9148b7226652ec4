using Akka.Actor;

namespace MailCluster.Actors.Sites;

/// <summary>One point in time, read from both clocks of this process. Pure code takes it as <c>now</c>.</summary>
/// <param name="Monotonic">Never jumps; stands still while a virtual machine is suspended.</param>
/// <param name="Wall">Goes on through a suspension; jumps when it is set.</param>
/// <remarks>Neither clock alone ends a right in time, so what a holder may do ends when either says so (<see cref="HasCome"/>). What a granter must remember ends by the monotonic
/// clock alone (<see cref="HasSurelyCome"/>): a wall clock set forward there must not make it forget leases that others still hold.</remarks>
public readonly record struct Moment(TimeSpan Monotonic, DateTimeOffset Wall)
{
    /// <summary>Before every other moment.</summary>
    public static readonly Moment Never = new(TimeSpan.MinValue, DateTimeOffset.MinValue);

    /// <summary>Now, by the scheduler of an actor system.</summary>
    public static Moment Of(ITimeProvider clock) => new(clock.MonotonicClock, clock.Now);

    /// <summary>So much later, on both clocks.</summary>
    public Moment Plus(TimeSpan span) => new(Monotonic + span, Wall + span);

    /// <summary>The time from then to this moment: the longer of what the two clocks say, never negative.</summary>
    public TimeSpan Since(Moment then)
    {
        var monotonic = Monotonic - then.Monotonic;
        var wall = Wall - then.Wall;
        var longer = monotonic > wall ? monotonic : wall;
        return longer > TimeSpan.Zero ? longer : TimeSpan.Zero;
    }

    /// <summary>True at or after this moment on either clock: for rights, which must rather end too early.</summary>
    public bool HasCome(Moment now) => now.Monotonic >= Monotonic || now.Wall >= Wall;

    /// <summary>True at or after this moment on the monotonic clock: for what must rather be remembered too long.</summary>
    public bool HasSurelyCome(Moment now) => now.Monotonic >= Monotonic;
}
