using Akka.Actor;
using Akka.Configuration;
using Akka.Event;
using Akka.TestKit;

namespace MailCluster.Actors.Tests;

/// <summary>The test kit's scheduler with a monotonic clock that moves with it.</summary>
public sealed class VirtualScheduler(Config config, ILoggingAdapter log) : TestScheduler(config, log), ITimeProvider
{
    /// <summary>For an actor system's configuration.</summary>
    public static readonly string Settings = $"akka.scheduler.implementation = \"{typeof(VirtualScheduler).FullName}, {typeof(VirtualScheduler).Assembly.GetName().Name}\"";

    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    TimeSpan ITimeProvider.MonotonicClock => Now - Start;

    TimeSpan ITimeProvider.HighResMonotonicClock => Now - Start;
}
