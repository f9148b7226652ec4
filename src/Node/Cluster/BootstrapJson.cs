using System.Text.Json.Serialization;

namespace MailCluster.Node.Cluster;

/// <summary>How questions, answers and the record are written: JSON, small enough to read by eye in a capture.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UseStringEnumConverter = true, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(BootstrapQuestion))]
[JsonSerializable(typeof(BootstrapAnswer))]
[JsonSerializable(typeof(ClusterRecord))]
internal sealed partial class BootstrapJson : JsonSerializerContext;
