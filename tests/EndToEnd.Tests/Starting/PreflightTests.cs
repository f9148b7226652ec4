using System.Net;
using System.Net.Sockets;
using MailCluster.EndToEnd.Tests.Support;
using MailCluster.Node.Configuration;
using MailCluster.Node.Hosting;

namespace MailCluster.EndToEnd.Tests.Starting;

/// <summary>What is found before anything is opened.</summary>
public class PreflightTests
{
    private static NodeOptions Options(string text) => ConfigurationReader.Read($"mailcluster {{ {text} }}", null, [], new("relay", 1L << 30, "/tmp")).Options!;

    [Theory]
    [InlineData("listeners = [ { name = in, bind = \"127.0.0.1:PORT\" } ], http.bind = \"127.0.0.1:0\", admin.bind = \"127.0.0.1:0\", cluster.bind = \"127.0.0.1:0\"", "listener \"in\"")]
    [InlineData("listeners = [ { bind = \"127.0.0.1:0\" } ], http.bind = \"127.0.0.1:PORT\", admin.bind = \"127.0.0.1:0\", cluster.bind = \"127.0.0.1:0\"", "http.bind")]
    [InlineData("listeners = [ { bind = \"127.0.0.1:0\" } ], http.bind = \"127.0.0.1:0\", admin.bind = \"127.0.0.1:PORT\", cluster.bind = \"127.0.0.1:0\"", "admin.bind")]
    [InlineData("listeners = [ { bind = \"127.0.0.1:0\" } ], http.bind = \"127.0.0.1:0\", admin.bind = \"127.0.0.1:0\", cluster.bind = \"127.0.0.1:PORT\"", "cluster.bind")]
    public void A_port_that_is_taken_is_named_with_its_key(string configuration, string key)
    {
        using var other = new TcpListener(IPAddress.Loopback, 0);
        other.Start();
        var refused = Assert.Throws<StartFailedException>(() => BoundPorts.Bind(Options(configuration.Replace("PORT", ((IPEndPoint)other.LocalEndpoint).Port.ToString(System.Globalization.CultureInfo.InvariantCulture), StringComparison.Ordinal))));
        Assert.Equal($"{key}: cannot listen on {other.LocalEndpoint}: another process has the port", refused.Message);
    }

    [Fact]
    public void What_a_killed_process_left_of_short_lived_files_is_gone_at_the_next_start()
    {
        using var folder = new TemporaryFolder();
        Directory.CreateDirectory(folder.File("data/tmp"));
        File.WriteAllText(folder.File("data/tmp/left"), "x");
        File.WriteAllText(folder.File("data/kept"), "x");
        DataDirectory.Lock(folder.File("data")).Dispose();
        Assert.Empty(Directory.GetFiles(folder.File("data/tmp")));
        Assert.True(File.Exists(folder.File("data/kept")));
    }

    [Fact]
    public void An_address_of_another_machine_is_named()
        => Assert.Contains("this machine does not have the address", Assert.Throws<StartFailedException>(() => BoundPorts.Bind(Options("listeners = [ { bind = \"192.0.2.1:2525\" } ]"))).Message, StringComparison.Ordinal);

    [Fact]
    public void A_bound_port_takes_nobody_until_its_server_does()
    {
        using var ports = BoundPorts.Bind(Options("listeners = [ { bind = \"127.0.0.1:0\" } ], http.bind = \"127.0.0.1:0\", admin.bind = \"127.0.0.1:0\", cluster.bind = \"127.0.0.1:0\""));
        var configured = new IPEndPoint(IPAddress.Loopback, 0);
        var actual = ports.Take(configured);
        using var client = new TcpClient();
        Assert.Throws<SocketException>(() => client.Connect((IPEndPoint)actual.LocalEndPoint!));
    }

    [Fact]
    public void A_data_directory_has_one_process_at_a_time()
    {
        using var folder = new TemporaryFolder();
        using (DataDirectory.Lock(folder.File("data")))
        {
            Assert.Contains("is in use by another process", Assert.Throws<StartFailedException>(() => DataDirectory.Lock(folder.File("data"))).Message, StringComparison.Ordinal);
        }

        DataDirectory.Lock(folder.File("data")).Dispose();
    }

    [Fact]
    public void A_data_directory_that_cannot_be_made_is_named()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder.File("file"), "");
        Assert.StartsWith("data-directory: cannot make ", Assert.Throws<StartFailedException>(() => DataDirectory.Lock(folder.File("file/data"))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_memory_limit_is_the_smallest_on_the_way_to_the_root()
    {
        using var folder = new TemporaryFolder();
        Directory.CreateDirectory(folder.File("fs/pod/container"));
        File.WriteAllText(folder.File("cgroup"), "0::/pod/container\n");
        File.WriteAllText(folder.File("fs/pod/container/memory.max"), "max\n");
        File.WriteAllText(folder.File("fs/pod/memory.max"), "536870912\n");
        File.WriteAllText(folder.File("fs/memory.max"), "1073741824\n");
        Assert.Equal(512L << 20, MemoryLimit.Read(folder.File("cgroup"), folder.File("fs")));

        Directory.CreateDirectory(folder.File("fs/memory/docker"));
        File.WriteAllText(folder.File("cgroup"), "9:cpu,memory:/docker\n8:pids:/docker\n");
        File.WriteAllText(folder.File("fs/memory/docker/memory.limit_in_bytes"), "268435456\n");
        Assert.Equal(256L << 20, MemoryLimit.Read(folder.File("cgroup"), folder.File("fs")));
    }

    [Fact]
    public void Without_a_limit_it_is_the_physical_memory() => Assert.InRange(MemoryLimit.Read("/nowhere", "/nowhere"), 64L << 20, 1L << 50);
}
