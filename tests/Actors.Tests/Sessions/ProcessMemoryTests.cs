using MailCluster.Actors.Sessions;

namespace MailCluster.Actors.Tests.Sessions;

public sealed class ProcessMemoryTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("memory").FullName;
    private readonly MovedTime _time = new();

    [Fact]
    public void In_a_cgroup_the_working_set_is_what_the_kernel_cannot_take_back()
    {
        Write("proc/self/cgroup", "0::/pod/box\n");
        Write("cgroup/pod/box/memory.max", "1000000\n");
        Write("cgroup/pod/box/memory.current", "950000\n");
        Write("cgroup/pod/box/memory.stat", "anon 1\nactive_file 7\ninactive_file 300000\n");
        var memory = Memory();
        Assert.False(memory.IsShort);
        Write("cgroup/pod/box/memory.stat", "anon 1\ninactive_file 200000\n");
        Assert.False(memory.IsShort);
        _time.Move(TimeSpan.FromSeconds(1));
        Assert.True(memory.IsShort);
        Write("cgroup/pod/box/memory.max", "max\n");
        _time.Move(TimeSpan.FromSeconds(1));
        Assert.False(memory.IsShort);
    }

    [Fact]
    public void The_tightest_limit_up_the_tree_counts()
    {
        Write("proc/self/cgroup", "0::/pod/box\n");
        Write("cgroup/pod/box/memory.max", "max\n");
        Write("cgroup/pod/box/memory.current", "10\n");
        Write("cgroup/pod/memory.max", "1000000\n");
        Write("cgroup/pod/memory.current", "800000\n");
        Assert.True(Memory().IsShort);
    }

    [Fact]
    public void Where_the_mount_is_the_group_itself_it_is_found()
    {
        Write("proc/self/cgroup", "0::/as/the/host/sees/it\n");
        Write("cgroup/memory.max", "1000000\n");
        Write("cgroup/memory.current", "800000\n");
        Assert.True(Memory().IsShort);
    }

    [Fact]
    public void Version_1_has_other_names()
    {
        Write("proc/self/cgroup", "5:cpu,cpuacct:/box\n4:memory:/box\n");
        Write("cgroup/memory/box/memory.limit_in_bytes", "1000000\n");
        Write("cgroup/memory/box/memory.usage_in_bytes", "900000\n");
        Write("cgroup/memory/box/memory.stat", "cache 1\ntotal_inactive_file 250000\n");
        Assert.False(Memory().IsShort);
        Write("cgroup/memory/box/memory.stat", "cache 1\ntotal_inactive_file 150000\n");
        Assert.True(Memory().IsShort);
        Write("cgroup/memory/box/memory.limit_in_bytes", "9223372036854771712\n");
        Assert.False(Memory().IsShort);
    }

    [Fact]
    public void Without_a_limit_the_resident_set_is_held_against_the_machine()
    {
        Write("proc/meminfo", "MemTotal:       1000 kB\nMemFree: 1 kB\n");
        Write("proc/self/statm", $"9999 {600 * 1024 / Environment.SystemPageSize} 1 1 0 1 0\n");
        Assert.False(Memory().IsShort);
        Write("proc/self/statm", $"9999 {800 * 1024 / Environment.SystemPageSize} 1 1 0 1 0\n");
        Assert.True(Memory().IsShort);
    }

    [Fact]
    public void This_machine_can_be_read() => Assert.False(new ProcessMemory(TimeProvider.System).IsShort);

    public void Dispose() => Directory.Delete(_root, recursive: true);

    private ProcessMemory Memory() => new(_time, Path.Combine(_root, "cgroup"), Path.Combine(_root, "proc"));

    private void Write(string file, string text)
    {
        var path = Path.Combine(_root, file);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
    }
}
