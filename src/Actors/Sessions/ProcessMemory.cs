using System.Buffers.Text;
using System.Globalization;
using System.Text;

namespace MailCluster.Actors.Sessions;

/// <summary>
/// Whether the process uses too much memory. In a container: the cgroup's working set (current − inactive file pages, which the kernel gives back
/// before it kills) against the cgroup's limit, the tightest one up the tree. Without a limit: our resident set against the machine's memory.
/// </summary>
public sealed class ProcessMemory
{
    /// <summary>The part of the limit over which memory is short.</summary>
    public const double Mark = 0.70;

    private static readonly TimeSpan s_interval = TimeSpan.FromSeconds(1);

    private readonly TimeProvider _time;
    private readonly string _proc;
    private readonly List<Group> _groups;
    private readonly Lock _lock = new();
    private long _sampledAt;
    private bool _isShort;

    /// <summary>Finds out where to read.</summary>
    /// <param name="time">The clock.</param>
    /// <param name="cgroups">Where cgroups are mounted.</param>
    /// <param name="proc">Where proc is mounted.</param>
    public ProcessMemory(TimeProvider time, string cgroups = "/sys/fs/cgroup", string proc = "/proc")
    {
        _time = time;
        _proc = proc;
        _groups = Find(cgroups, proc);
        _isShort = Sample();
        _sampledAt = time.GetTimestamp();
    }

    /// <summary>True over the mark. Read anew at most once a second.</summary>
    public bool IsShort
    {
        get
        {
            if (_time.GetElapsedTime(Volatile.Read(ref _sampledAt)) >= s_interval && _lock.TryEnter())
            {
                try
                {
                    _isShort = Sample();
                    Volatile.Write(ref _sampledAt, _time.GetTimestamp());
                }
                finally
                {
                    _lock.Exit();
                }
            }
            return Volatile.Read(ref _isShort);
        }
    }

    private static List<Group> Find(string cgroups, string proc)
    {
        var groups = new List<Group>();
        foreach (var line in Lines(Path.Combine(proc, "self", "cgroup")))
        {
            // "0::/path" is version 2; "5:memory:/path" version 1.
            var parts = line.Split(':', 3);
            if (parts is ["0", "", var unified])
            {
                AddWithParents(groups, cgroups, unified, "memory.current", "memory.max", "inactive_file ");
            }
            else if (parts is [_, var controllers, var path] && controllers.Split(',').Contains("memory"))
            {
                AddWithParents(groups, Path.Combine(cgroups, "memory"), path, "memory.usage_in_bytes", "memory.limit_in_bytes", "total_inactive_file ");
            }
        }
        return groups;
    }

    private static void AddWithParents(List<Group> groups, string mount, string path, string current, string limit, string inactive)
    {
        // In a container the mount is often the group itself, while the path is as the host sees it: what does not exist is passed over.
        for (var group = path; ; group = group[..group.LastIndexOf('/')])
        {
            var folder = mount + group.TrimEnd('/');
            if (File.Exists(Path.Combine(folder, current)) && File.Exists(Path.Combine(folder, limit)))
            {
                groups.Add(new(Path.Combine(folder, current), Path.Combine(folder, limit), Path.Combine(folder, "memory.stat"), inactive));
            }
            if (group.LastIndexOf('/') < 0)
            {
                return;
            }
        }
    }

    private bool Sample()
    {
        var physical = Number(Lines(Path.Combine(_proc, "meminfo")), "MemTotal:") is { } kibibytes
            ? kibibytes * 1024
            : GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
        var limited = false;
        foreach (var group in _groups)
        {
            // "max", or a number beyond all memory, is no limit. It is read each time: it can be changed while we run.
            if (Single(group.Limit) is not { } limit || limit <= 0 || limit >= physical || Single(group.Current) is not { } current)
            {
                continue;
            }
            limited = true;
            var inactive = Number(Lines(group.Stat), group.Inactive) ?? 0;
            if (current - inactive > limit * Mark)
            {
                return true;
            }
        }
        return !limited && ResidentSet() > physical * Mark;
    }

    private long ResidentSet() =>
        Lines(Path.Combine(_proc, "self", "statm")) is [var line, ..] && line.Split(' ') is [_, var pages, ..] && long.TryParse(pages, CultureInfo.InvariantCulture, out var resident)
            ? resident * Environment.SystemPageSize
            : 0;

    private static long? Single(string file) => Lines(file) is [var line, ..] && long.TryParse(line, CultureInfo.InvariantCulture, out var value) ? value : null;

    private static long? Number(string[] lines, string name)
    {
        foreach (var line in lines)
        {
            if (line.StartsWith(name, StringComparison.Ordinal))
            {
                return Utf8Parser.TryParse(Encoding.ASCII.GetBytes(line[name.Length..].Trim()), out long value, out _) ? value : null;
            }
        }
        return null;
    }

    private static string[] Lines(string file)
    {
        try
        {
            return File.ReadAllLines(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    private readonly record struct Group(string Current, string Limit, string Stat, string Inactive);
}
