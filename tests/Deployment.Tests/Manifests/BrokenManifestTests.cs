using MailCluster.Deployment.Tests.Support;

namespace MailCluster.Deployment.Tests.Manifests;

/// <summary>Each rule finds what it is for: a copy of the manifests is broken in one place.</summary>
public class BrokenManifestTests
{
    private static readonly Lazy<string> s_text = new(() => Kubectl.Newest.Kustomize("deploy/k8s/overlays/production-backlog"));
    private static readonly Lazy<string> s_base = new(() => Kubectl.Newest.Kustomize("deploy/k8s/base"));

    public static TheoryData<string, string, string> Breaks => new()
    {
        // Ports.
        { "bind = \"0.0.0.0:2525\"", "bind = \"0.0.0.0:2524\"", "listeners[0].bind: 2524 is not among the container's ports" },
        { "bind = \"0.0.0.0:2525\"", "bind = \"0.0.0.0:2524\"", "container port 2525: nothing in cluster.hocon listens there" },
        { "bind = \"0.0.0.0:2525\"", "bind = \"127.0.0.1:2525\"", "listeners[0].bind: 127.0.0.1:2525 is not reachable from outside the pod" },
        { "handover = \"0.0.0.0:4054\"", "handover = \"0.0.0.0:4056\"", "service mailcluster-nodes: lacks the port of cluster.handover" },
        { "bootstrap = \"0.0.0.0:4055\"", "bootstrap = \"0.0.0.0:4057\"", "cluster.bootstrap: 4057 is not among the container's ports" },
        { "containerPort: 2525", "containerPort: 25", "container port 25: needs a capability" },
        { "containerPort: 2587\n          name: submission", "containerPort: 2587\n          name: smtp", "container port smtp: named twice" },
        { "targetPort: smtp-inside", "targetPort: smtp-insid", "service mailcluster-inside port smtp: no container has a port named smtp-insid" },
        { "port: 8080\n    targetPort: http", "port: 80\n    targetPort: http", "service mailcluster-http port http: headless" },
        { "targetPort: submission", "targetPort: smtp-inside", "service mailcluster port 587: leads to a listener with proxy-protocol = off" },
        { "targetPort: smtp-inside", "targetPort: smtp", "service mailcluster-inside port 25: leads to a listener with proxy-protocol = required" },
        { "  externalTrafficPolicy: Local\n", "  externalTrafficPolicy: Cluster\n", "service mailcluster: externalTrafficPolicy is not Local" },
        { "port: 587\n    targetPort: submission", "port: 465\n    targetPort: submission", "load balancer: ports 25, 465" },
        { "path: /readyz", "path: /ready", "readiness probe: asks /ready" },
        { "path: /healthz\n            port: http", "path: /healthz\n            port: smtp", "probe: port smtp is not that of http.bind" },
        { "http { bind = \"0.0.0.0:8080\" }", "http { bind = \"0.0.0.0:8082\" }", "liveness probe: port http is not that of http.bind" },
        { "service = \"mailcluster-nodes\"", "service = \"mailcluster\"", "cluster.service: mailcluster, but the StatefulSet's serviceName is mailcluster-nodes" },
        { "serviceName: mailcluster-nodes", "serviceName: mailcluster-peers", "service mailcluster-peers: missing" },
        { "clusterIP: None\n  ports:\n  - name: cluster", "ports:\n  - name: cluster", "service mailcluster-nodes: not headless" },
        { "publishNotReadyAddresses: true\n  selector:\n    app.kubernetes.io/component: node\n    app.kubernetes.io/name: mailcluster\n---\napiVersion: apps/v1", "selector:\n    app.kubernetes.io/component: node\n    app.kubernetes.io/name: mailcluster\n---\napiVersion: apps/v1", "nodes that are not ready do not find each other" },
        { "admin { bind = \"127.0.0.1:8081\" }", "admin { bind = \"0.0.0.0:8081\" }", "admin" },
        { "- interval: 15s\n    path: /metrics", "- interval: 15s\n    path: /stats", "ServiceMonitor mailcluster: path /stats" },
        { "path: /metrics\n    port: http", "path: /metrics\n    port: metrics", "ServiceMonitor mailcluster: service mailcluster-http has no port metrics" },
        { "app.kubernetes.io/component: http\n      app.kubernetes.io/name: mailcluster", "app.kubernetes.io/component: https\n      app.kubernetes.io/name: mailcluster", "ServiceMonitor mailcluster: selects 0 services" },

        // Selectors and names.
        { "selector:\n    matchLabels:\n      app.kubernetes.io/component: node\n      app.kubernetes.io/name: mailcluster\n---", "selector:\n    matchLabels:\n      app.kubernetes.io/component: nodes\n---", "PodDisruptionBudget mailcluster: does not select the nodes" },
        { "podSelector:\n    matchLabels:\n      app.kubernetes.io/component: node\n", "podSelector:\n    matchLabels:\n      app.kubernetes.io/component: nodes\n", "NetworkPolicy mailcluster: does not select the nodes" },
        { "- labelSelector:\n          matchLabels:\n            app.kubernetes.io/component: node\n", "- labelSelector:\n          matchLabels:\n            app.kubernetes.io/component: nodes\n", "topology spread over topology.kubernetes.io/zone: does not select the nodes" },
        { "name: mailcluster-http\n  namespace: mailcluster", "name: mailcluster-http\n  namespace: default", "Service mailcluster-http: in namespace default" },
        { "name: configuration\n      - name: cluster-tls", "name: settings\n      - name: cluster-tls", "mounts volume configuration, which is not there" },
        { "mountPath: /var/lib/mailcluster", "mountPath: /var/lib/mail", "data-directory: no volume claim is mounted at /var/lib/mailcluster" },
        { "mountPath: /etc/mailcluster\n", "mountPath: /etc/mail\n", "--config /etc/mailcluster/cluster.hocon: the ConfigMap is not mounted there" },
        { "mountPath: /etc/mailcluster-tls/cluster", "mountPath: /etc/mailcluster-tls/peers", "cluster.tls.certificate: /etc/mailcluster-tls/cluster/tls.crt is not" },
        { "MAILCLUSTER__CLUSTER__TLS__KEY: /etc/mailcluster-tls/cluster/tls.key", "MAILCLUSTER__CLUSTER__TLS__KEY: /etc/mailcluster-tls/cluster/tls.crt", "cluster.tls.key: /etc/mailcluster-tls/cluster/tls.crt is not tls.key of the mounted Secret" },
        { "optional: true\n          secretName: mailcluster-users", "secretName: mailcluster-users", "volume users: Secret mailcluster-users must be optional" },
        { "name: users\n          readOnly: true", "name: users", "mount /etc/mailcluster-users: not read-only" },
        { "MAILCLUSTER__PROXY_PEERS:", "MAILCLUSTER__PROXY_PEER:", "MAILCLUSTER__PROXY_PEER" },
        { "MAILCLUSTER__HOSTNAME: mail.example.net", "MAILCLUSTER__HOSTNAME: mail example", "MAILCLUSTER__HOSTNAME" },

        // Network policy.
        { "- port: smtp\n      protocol: TCP\n    - port: submission", "- port: smpt\n      protocol: TCP\n    - port: submission", "NetworkPolicy: no container has a port named smpt" },
        { "- port: handover\n      protocol: TCP\n    ", "", "NetworkPolicy: nobody may reach handover" },
        { "- port: smtp\n      protocol: TCP\n    - port: submission", "- port: cluster\n      protocol: TCP\n    - port: submission", "NetworkPolicy: others than nodes may reach cluster" },
        { "- namespaceSelector:\n        matchLabels:\n          kubernetes.io/metadata.name: monitoring", "- ipBlock:\n        cidr: 0.0.0.0/0", "NetworkPolicy: not only pods may reach http" },
        { "- port: 53\n      protocol: UDP\n    ", "", "NetworkPolicy: the nodes may not reach name servers (UDP 53)" },
        { "- port: 25\n      protocol: TCP", "- port: 24\n      protocol: TCP", "NetworkPolicy: the nodes may not reach mail exchangers (TCP 25)" },
        { "- port: 6443\n      protocol: TCP", "- port: 6444\n      protocol: TCP", "NetworkPolicy: the nodes may not reach the Kubernetes API (TCP 6443)" },
        { "- port: 4054\n      protocol: TCP", "- port: 4058\n      protocol: TCP", "NetworkPolicy: the nodes may not reach each other (TCP 4054)" },
        { "cidr: ::/0\n        except:\n        - fc00::/7\n        - fe80::/10", "cidr: ::/0", "NetworkPolicy: an MX record may lead to addresses inside" },
        { "- Ingress\n  - Egress", "- Ingress", "NetworkPolicy: does not govern both directions" },

        // Rights.
        { "resourceNames:\n  - mailcluster\n", "resourceNames:\n  - mailer\n", "Role: not to get our own StatefulSet and nothing else" },
        { "verbs:\n  - get", "verbs:\n  - get\n  - list", "Role: not to get our own StatefulSet and nothing else" },
        { "subjects:\n- kind: ServiceAccount\n  name: mailcluster", "subjects:\n- kind: ServiceAccount\n  name: default", "RoleBinding: not for service account mailcluster alone" },
        { "name: mailcluster\n  namespace: mailcluster\n---\napiVersion: v1\ndata", "name: mailcluster\n  namespace: mail\n---\napiVersion: v1\ndata", "RoleBinding: not for service account" },
        { "serviceAccountName: mailcluster", "serviceAccountName: default", "service account default: not there" },
        { "serviceAccountName: mailcluster", "serviceAccountName: mailcluster\n      automountServiceAccountToken: false", "service account: its token is not mounted" },
        { "runAsNonRoot: true", "runAsNonRoot: false", "mailcluster: may run as root" },
        { "seccompProfile:\n          type: RuntimeDefault", "seccompProfile:\n          type: Unconfined", "mailcluster: may run as root, or without seccomp" },
        { "readOnlyRootFilesystem: true", "readOnlyRootFilesystem: false", "mailcluster/node: not confined" },
        { "- ALL", "- NET_RAW", "mailcluster/node: not confined" },
        { "fsGroup: 1654", "fsGroup: 1", "fsGroup: the volume does not belong" },
        { "enableServiceLinks: false\n      ", "", "enableServiceLinks" },
        { "MAILCLUSTER__RELAY__NETWORKS: '[\"198.51.100.0/28\"]'", "MAILCLUSTER__RELAY__NETWORKS: '[\"10.244.0.0/16\"]'", "relay.networks: 10.244.0.0/16 may be the pods'" },
        { "MAILCLUSTER__RELAY__NETWORKS: '[\"198.51.100.0/28\"]'", "MAILCLUSTER__RELAY__NETWORKS: '[\"fd00:1::/64\"]'", "relay.networks: fd00:1::/64 may be the pods'" },

        // Life.
        { "terminationGracePeriodSeconds: 900", "terminationGracePeriodSeconds: 800", "terminationGracePeriodSeconds: 800 s, but stopping may take 810 s" },
        { "deliveries = 60s", "deliveries = 3m", "terminationGracePeriodSeconds: 900 s, but stopping may take 1050 s" },
        { "failureThreshold: 6\n          httpGet:\n            path: /readyz", "failureThreshold: 3\n          httpGet:\n            path: /readyz", "readiness probe: fails before shutdown.delay is over" },
        { "failureThreshold: 60", "failureThreshold: 3", "startup probe: under a minute" },
        { "minReplicas: 3", "minReplicas: 2", "replicas: 2; one lost leaves no majority" },
        { "replicas = 3", "replicas = 5", "replicas: 3, but 5 found the cluster" },
        { "replicas = 3", "replicas = 1", "cluster.replicas: 1" },
        { "podManagementPolicy: Parallel", "replicas: 3\n  podManagementPolicy: Parallel", "replicas: set, though an autoscaler decides it" },
        { "podManagementPolicy: Parallel", "podManagementPolicy: OrderedReady", "podManagementPolicy" },
        { "maxUnavailable: 1", "maxUnavailable: 2", "PodDisruptionBudget: not maxUnavailable: 1" },
        { "topologyKey: kubernetes.io/hostname", "topologyKey: kubernetes.io/arch", "topology spread: not over machines and zones" },
        { "kind: StatefulSet\n    name: mailcluster", "kind: Deployment\n    name: mailcluster", "HorizontalPodAutoscaler: scales something else" },
        { "name: mailcluster_backlog_age_seconds", "name: mailcluster_queue_age", "HorizontalPodAutoscaler: nothing measures mailcluster_queue_age" },
        { "- resource:\n      name: cpu", "- resource:\n      name: memory", "HorizontalPodAutoscaler: does not look at CPU" },
        { "- periodSeconds: 900\n        type: Pods\n        value: 1", "- periodSeconds: 900\n        type: Pods\n        value: 4", "HorizontalPodAutoscaler: a further pod goes before" },
        { "- periodSeconds: 900", "- periodSeconds: 60", "HorizontalPodAutoscaler: a further pod goes before" },
        { "limits:\n            memory: 2Gi", "limits:\n            memory: 4Gi", "node: memory that is promised and memory that is allowed differ" },
        { "limits:\n            memory: 2Gi", "limits:\n            cpu: \"2\"\n            memory: 2Gi", "node: a CPU limit makes it miss heartbeats" },
        { "resource: requests.cpu", "resource: limits.cpu", "DOTNET_PROCESSOR_COUNT" },
        { "whenScaled: Retain", "whenScaled: Delete", "persistentVolumeClaimRetentionPolicy: mail is deleted" },
        { "- ReadWriteOnce", "- ReadWriteMany", "claim data: not for one node alone" },
        { "storage: 32Gi", "storage: 32Mi", "claim data: under 1 GiB" },
    };

    [Theory]
    [MemberData(nameof(Breaks))]
    public void Is_found(string right, string wrong, string finding)
    {
        Assert.Contains(right, s_text.Value, StringComparison.Ordinal);
        var at = s_text.Value.IndexOf(right, StringComparison.Ordinal);
        var broken = s_text.Value[..at] + wrong + s_text.Value[(at + right.Length)..];
        var findings = Rules.Check(Deployed.Parse(broken));
        Assert.True(findings.Any(found => found.Contains(finding, StringComparison.Ordinal)), $"not found: {finding}; only: {string.Join(Environment.NewLine, findings)}");
    }

    [Fact]
    public void A_set_that_nobody_scales_needs_its_replicas()
    {
        var findings = Rules.Check(Deployed.Parse(s_base.Value.Replace("  replicas: 3\n", "", StringComparison.Ordinal)));
        Assert.Contains("replicas: not set, and no autoscaler decides it", findings);
    }
}
