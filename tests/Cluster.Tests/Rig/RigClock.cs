using System.Diagnostics;

namespace MailCluster.Cluster.Tests.Rig;

/// <summary>The one clock that all records of a run are made by.</summary>
internal static class RigClock
{
    private static readonly long Zero = Stopwatch.GetTimestamp();

    public static TimeSpan Now => Stopwatch.GetElapsedTime(Zero);
}
