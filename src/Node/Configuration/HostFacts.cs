namespace MailCluster.Node.Configuration;

/// <summary>What defaults are computed from.</summary>
/// <param name="MachineName">The machine's name.</param>
/// <param name="MemoryLimit">Octets that this process may use: the container's limit, else the physical memory.</param>
/// <param name="WorkingDirectory">Relative paths count from here where there is no file.</param>
public sealed record HostFacts(string MachineName, long MemoryLimit, string WorkingDirectory)
{
    /// <summary>Those of this process.</summary>
    public static HostFacts OfThisProcess() => new(Environment.MachineName, Configuration.MemoryLimit.Read("/proc/self/cgroup", "/sys/fs/cgroup"), Directory.GetCurrentDirectory());
}
