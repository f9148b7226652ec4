using System.Globalization;

namespace MailCluster.Node.Configuration;

/// <summary>How much memory the process may use.</summary>
internal static class MemoryLimit
{
    /// <summary>The smallest limit on the way from the process's control group to the root (version 2, then 1), else the physical memory.</summary>
    public static long Read(string groups, string root)
    {
        var limit = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
        try
        {
            if (File.Exists("/proc/meminfo") && File.ReadLines("/proc/meminfo").FirstOrDefault() is { } total && total.Split(' ', StringSplitOptions.RemoveEmptyEntries) is [_, var kib, ..]
                && long.TryParse(kib, CultureInfo.InvariantCulture, out var physical)) limit = physical << 10;
            if (!File.Exists(groups)) return limit;
            foreach (var line in File.ReadLines(groups))
            {
                // 0::/path (version 2); 9:memory:/path (version 1).
                if (line.Split(':', 3) is not [_, var controllers, var path]) continue;
                var (folder, file) = controllers.Length == 0 ? (root, "memory.max") : controllers.Split(',').Contains("memory") ? (Path.Combine(root, "memory"), "memory.limit_in_bytes") : (null, null);
                if (folder is null || file is null) continue;
                for (var at = path; ; at = at[..at.LastIndexOf('/')])
                {
                    var candidate = Path.Combine(folder, at.TrimStart('/'), file);
                    if (File.Exists(candidate) && long.TryParse(File.ReadAllText(candidate).Trim(), CultureInfo.InvariantCulture, out var value) && value > 0) limit = Math.Min(limit, value);
                    if (!at.Contains('/', StringComparison.Ordinal) || at.Length == 0) break;
                }
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // A limit that cannot be read does not keep a relay from starting; the physical memory bounds it.
        }

        return limit;
    }
}
