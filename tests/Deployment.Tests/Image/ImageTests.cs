using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using MailCluster.Deployment.Tests.Kubernetes;
using MailCluster.Deployment.Tests.Support;
using MailCluster.Tests.Support;
using MailCluster.Node.Kubernetes;

namespace MailCluster.Deployment.Tests.Image;

/// <summary>What the image and the StatefulSet take for granted, tried out: the published files run with nothing around them, as nobody, on a root that cannot be written.</summary>
public sealed class ImageTests : IClassFixture<ImageTests.Built>
{
    private readonly Built _built;

    public ImageTests(Built built) => _built = built;

    [Fact]
    public async Task Starts_takes_a_mail_and_stops_in_order()
    {
        var all = Deployed.Parse(Kubectl.Newest.Kustomize("deploy/k8s/overlays/local"));
        using var node = await StartAsync(all, all.Container.Args, "mailcluster-0");
        await node.Holds(() => Get(node.Id, 8080, "/readyz") == 200, "readiness");
        Assert.Equal(200, Get(node.Id, 8080, "/healthz"));

        // As confined as the manifests say.
        var status = File.ReadAllLines($"/proc/{node.Id}/status");
        Assert.Contains("Uid:\t1654\t1654\t1654\t1654", status);
        Assert.Contains("Gid:\t1654\t1654\t1654\t1654", status);
        Assert.Contains("CapEff:\t0000000000000000", status);
        Assert.Contains("CapPrm:\t0000000000000000", status);
        Assert.Contains("NoNewPrivs:\t1", status);
        Assert.Contains(File.ReadAllLines($"/proc/{node.Id}/mountinfo"), line => line.Split(' ') is [_, _, _, _, "/", var options, ..] && options.Split(',').Contains("ro"));
        Assert.False(File.Exists(_built.Root.In("/bin/sh")));

        // The client for Kubernetes costs nothing until it is needed.
        Assert.DoesNotContain("KubernetesClient", File.ReadAllText($"/proc/{node.Id}/maps"), StringComparison.Ordinal);
        Assert.True(File.Exists(_built.Root.In("/app/KubernetesClient.dll")));

        // From inside, to a domain that the overlay relays for.
        Assert.StartsWith("250 2.0.0", Mail(node.Id, 2526), StringComparison.Ordinal);

        // The load balancer's listener wants a header, and whoever sends none from no listed address is let go.
        Assert.DoesNotContain("220", Greeting(node.Id, 2525), StringComparison.Ordinal);

        Assert.Equal(0, await node.TerminateAsync());
        Assert.Contains("stopped", node.Log, StringComparison.Ordinal);
        Assert.True(Directory.Exists(Path.Combine(_built.Root.Data("mailcluster-0"), "spool")));
        Assert.Empty(Directory.GetFileSystemEntries(_built.Root.In("/tmp")));
    }

    [Theory]
    [InlineData(",\"replicas\":3", "StatefulSet mailcluster wants 3 replicas, this is ordinal 0: it comes back")]
    [InlineData(",\"replicas\":3,\"ordinals\":{\"start\":1}", "StatefulSet mailcluster wants 3 replicas from 1, this is ordinal 0: it does not come back")]
    public async Task Asks_Kubernetes_as_it_stops_whether_it_comes_back(string spec, string finding)
    {
        var all = Deployed.Parse(Kubectl.Newest.Kustomize("deploy/k8s/overlays/local"));
        using var node = await StartAsync(all, all.Container.Args, "mailcluster-0", ("KUBERNETES_SERVICE_HOST", "127.0.0.1"), ("KUBERNETES_SERVICE_PORT", "6443"));
        await node.Holds(() => Get(node.Id, 8080, "/readyz") == 200, "readiness");
        using var socket = NetworkNamespace.Socket(node.Id);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 6443));
        await using var server = await ApiServer.StartAsync(spec, socket: socket);
        foreach (var file in new[] { "token", "ca.crt", "namespace" }) File.Copy(server.PathOf(file), _built.Root.In($"{ServiceAccount.DefaultFolder}/{file}"), overwrite: true);
        Assert.Equal(0, await node.TerminateAsync());
        Assert.Equal(["GET /apis/apps/v1/namespaces/mail/statefulsets/mailcluster"], server.Requests);
        Assert.Contains(finding, node.Log, StringComparison.Ordinal);
    }

    /// <summary>All of a scale-down but Kubernetes itself: the number falls, the pod is told to stop, asks, and its mail is with the one that stays.</summary>
    [Fact]
    public async Task A_pod_that_is_scaled_away_leaves_its_mail_with_the_one_that_stays()
    {
        var all = Deployed.Parse(Kubectl.Newest.Kustomize("deploy/k8s/overlays/local"));
        using var stays = await StartPodAsync(0, null);
        using var leaves = await StartPodAsync(1, stays);
        await stays.Holds(() => Get(stays.Id, 8080, "/readyz", "10.99.0.1") == 200, "readiness of pod 0");
        await leaves.Holds(() => Get(leaves.Id, 8080, "/readyz", "10.99.0.2") == 200, "readiness of pod 1");
        Assert.StartsWith("250 2.0.0", Mail(leaves.Id, 2526, "10.99.0.2"), StringComparison.Ordinal);
        Assert.StartsWith("250 2.0.0", Mail(leaves.Id, 2526, "10.99.0.2"), StringComparison.Ordinal);

        using var socket = NetworkNamespace.Socket(stays.Id);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 6443));
        await using var server = await ApiServer.StartAsync(",\"replicas\":1", socket: socket);
        foreach (var file in new[] { "token", "ca.crt", "namespace" }) File.Copy(server.PathOf(file), _built.Root.In($"{ServiceAccount.DefaultFolder}/{file}"), overwrite: true);
        Assert.Equal(0, await leaves.TerminateAsync());
        Assert.Contains("this is ordinal 1: it does not come back", leaves.Log, StringComparison.Ordinal);

        // Pod 0 is asked for itself too, and is wanted: what it was given waits for it.
        Assert.Equal(0, await stays.TerminateAsync());
        Assert.Contains("this is ordinal 0: it comes back; 2 recipients wait on the disk", stays.Log, StringComparison.Ordinal);

        Task<Running> StartPodAsync(int ordinal, Running? beside)
        {
            var address = $"10.99.0.{ordinal + 1}";
            return StartAsync(all, all.Container.Args, $"mailcluster-{ordinal}", beside,
            [
                ("KUBERNETES_SERVICE_HOST", "127.0.0.1"), ("KUBERNETES_SERVICE_PORT", "6443"), ("MAILCLUSTER__CLUSTER__REPLICAS", "2"), ("MAILCLUSTER__DELIVERY__ENABLED", "off"),
                ("MAILCLUSTER__DATA_DIRECTORY", "/var/lib/mailcluster/scaled"), ("MAILCLUSTER__ADMIN__BIND", $"127.0.0.{ordinal + 1}:8081"), ("MAILCLUSTER__HTTP__BIND", $"{address}:8080"),
                .. new[] { 2525, 2587, 2526 }.Select((port, i) => ($"MAILCLUSTER__LISTENERS__{i}__BIND", $"{address}:{port}")),
                ("MAILCLUSTER__CLUSTER__BIND", $"{address}:4053"), ("MAILCLUSTER__CLUSTER__HANDOVER", $"{address}:4054"), ("MAILCLUSTER__CLUSTER__BOOTSTRAP", $"{address}:4055"),
            ]);
        }
    }

    [Fact]
    public async Task Checks_the_configuration_as_it_does_anywhere()
    {
        var all = Deployed.Parse(Kubectl.Newest.Kustomize("deploy/k8s/overlays/production"));
        using var node = await StartAsync(all, [.. all.Container.Args, "--check"], "mailcluster-2");
        Assert.Equal(0, await node.EndAsync());
        Assert.Contains("mailcluster.hostname = mail.example.net", node.Log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_a_volume_it_says_so_and_does_not_start()
    {
        var all = Deployed.Parse(Kubectl.Newest.Kustomize("deploy/k8s/overlays/local"));
        using var node = await StartAsync(all, all.Container.Args, "mailcluster-0", ("MAILCLUSTER__DATA_DIRECTORY", "/var/lib/elsewhere"));
        Assert.Equal(1, await node.EndAsync());
        Assert.Contains("data-directory: cannot make /var/lib/elsewhere", node.Log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_sink_runs_from_the_same_image()
    {
        var all = Deployed.Parse(Kubectl.Newest.Kustomize("deploy/k8s/overlays/local"));
        var sink = all.All<k8s.Models.V1Deployment>().Single().Spec.Template.Spec.Containers.Single();
        using var node = await StartAsync(all, sink.Args, "sink");
        await node.Holds(() => Greeting(node.Id, sink.Ports.Single().ContainerPort).StartsWith("220", StringComparison.Ordinal), "the sink's greeting");
    }

    /// <summary>A node of a cluster that is founded by one: the others are not here.</summary>
    private async Task<Running> StartAsync(Deployed all, IEnumerable<string> arguments, string pod, params (string Name, string Value)[] more)
    {
        if (Directory.Exists(_built.Root.Data(pod))) Directory.Delete(_built.Root.Data(pod), recursive: true);
        return await StartAsync(all, arguments, pod, null, [("MAILCLUSTER__CLUSTER__REPLICAS", arguments.Contains("--check") ? "3" : "1"), .. more]);
    }

    private async Task<Running> StartAsync(Deployed all, IEnumerable<string> arguments, string pod, Running? beside, IEnumerable<(string Name, string Value)> more)
    {
        await File.WriteAllTextAsync(_built.Root.In("/etc/mailcluster/cluster.hocon"), all.Hocon);
        var environment = all.Environment.Concat(Dockerfile.Read().Environment).Append(new("MAILCLUSTER__SHUTDOWN__DELAY", "0s"))
            .Concat(more.Select(pair => KeyValuePair.Create(pair.Name, pair.Value))).GroupBy(pair => pair.Key).Select(group => group.Last());
        return new(await _built.Root.StartAsync([.. Dockerfile.Read().EntryPoint, .. arguments], environment, pod, beside?.Id));
    }

    private static int Get(int id, int port, string path, string address = "127.0.0.1")
    {
        using var stream = Connect(id, port, address);
        if (stream is null) return 0;
        stream.Write(Encoding.ASCII.GetBytes($"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"));
        using var reader = new StreamReader(stream, Encoding.ASCII);
        return reader.ReadLine()?.Split(' ') is [_, var status, ..] ? int.Parse(status, CultureInfo.InvariantCulture) : 0;
    }

    private static string Greeting(int id, int port)
    {
        using var stream = Connect(id, port);
        if (stream is null) return "";
        try
        {
            return new StreamReader(stream, Encoding.ASCII).ReadLine() ?? "";
        }
        catch (IOException)
        {
            return "";
        }
    }

    /// <summary>A transaction; the reply to the end of data.</summary>
    private static string Mail(int id, int port, string address = "127.0.0.1")
    {
        using var stream = Connect(id, port, address)!;
        using var reader = new StreamReader(stream, Encoding.ASCII);
        Reply();
        foreach (var line in new[] { "EHLO client.test", "MAIL FROM:<a@example.com>", "RCPT TO:<b@example.org>", "DATA" })
        {
            stream.Write(Encoding.ASCII.GetBytes(line + "\r\n"));
            Assert.Matches("^[23]", Reply());
        }

        stream.Write("Subject: from the image\r\n\r\nhello\r\n.\r\n"u8);
        return Reply();

        string Reply()
        {
            string? line;
            do line = reader.ReadLine();
            while (line is [_, _, _, '-', ..]);
            return line ?? "";
        }
    }

    private static NetworkStream? Connect(int id, int port, string address = "127.0.0.1")
    {
        try
        {
            var socket = NetworkNamespace.Socket(id);
            socket.ReceiveTimeout = 20_000;
            socket.Connect(IPAddress.Parse(address), port);
            return new(socket, ownsSocket: true);
        }
        catch (Exception e) when (e is SocketException or IOException)
        {
            return null;
        }
    }

    /// <summary>The image, made once.</summary>
    public sealed class Built : IAsyncLifetime
    {
        private ImageRoot? _root;

        internal ImageRoot Root
        {
            get
            {
                Assert.SkipUnless(Environment.IsPrivilegedProcess, "Only root can make a root file system and namespaces.");
                return _root!;
            }
        }

        public async ValueTask InitializeAsync()
        {
            if (Environment.IsPrivilegedProcess) _root = await ImageRoot.BuildAsync();
        }

        public ValueTask DisposeAsync()
        {
            _root?.Dispose();
            return ValueTask.CompletedTask;
        }
    }

    /// <summary>A process in the image.</summary>
    private sealed class Running : IDisposable
    {
        private readonly Process _process;
        private readonly StringBuilder _log = new();

        public Running(Process process)
        {
            _process = process;
            process.OutputDataReceived += (_, line) => Keep(line.Data);
            process.ErrorDataReceived += (_, line) => Keep(line.Data);
            process.BeginOutputReadLine();
            process.BeginErrorReadLine();
        }

        public int Id => _process.Id;

        public string Log
        {
            get
            {
                lock (_log)
                {
                    return _log.ToString();
                }
            }
        }

        public async Task Holds(Func<bool> condition, string what)
        {
            await Eventually.HoldsAsync(() => _process.HasExited || condition(), what, TimeSpan.FromSeconds(90), () => Log);
            Assert.False(_process.HasExited, Log);
        }

        public async Task<int> TerminateAsync()
        {
            await Run.ToEndAsync("kill", ["-TERM", Id.ToString(CultureInfo.InvariantCulture)]);
            return await EndAsync();
        }

        public async Task<int> EndAsync()
        {
            using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(90));
            await _process.WaitForExitAsync(limit.Token);
            return _process.ExitCode;
        }

        public void Dispose()
        {
            if (!_process.HasExited)
            {
                _process.Kill();
                _process.WaitForExit();
            }

            _process.Dispose();
        }

        private void Keep(string? line)
        {
            if (line is null) return;
            lock (_log)
            {
                _log.AppendLine(line);
            }
        }
    }
}
