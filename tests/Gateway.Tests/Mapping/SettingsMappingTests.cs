using Google.Protobuf.Collections;
using Google.Protobuf.Reflection;
using OrleansLM.Contracts.V1;
using OrleansLM.Gateway.Mapping;

namespace OrleansLM.Gateway.Tests.Mapping;

/// <summary>Nothing that a caller sets is lost on the way to the grains, and nothing is made up.</summary>
public sealed class SettingsMappingTests
{
    public static TheoryData<string> SamplingFields() => [.. SamplingParameters.Descriptor.Fields.InDeclarationOrder().Select(field => field.Name)];

    public static TheoryData<string> StopFields() => [.. StopConditions.Descriptor.Fields.InDeclarationOrder().Select(field => field.Name)];

    [Theory]
    [MemberData(nameof(SamplingFields))]
    public void A_sampling_field_survives_the_round_trip(string field)
    {
        var wire = new SamplingParameters();
        Set(SamplingParameters.Descriptor.FindFieldByName(field), wire);
        Assert.NotEqual(new SamplingParameters(), wire);
        Assert.Equal(wire, wire.ToSettings().ToWire());
    }

    [Theory]
    [MemberData(nameof(StopFields))]
    public void A_stop_field_survives_the_round_trip(string field)
    {
        var wire = new StopConditions();
        Set(StopConditions.Descriptor.FindFieldByName(field), wire);
        Assert.NotEqual(new StopConditions(), wire);
        Assert.Equal(wire, wire.ToSettings().ToWire());
    }

    [Fact]
    public void What_is_not_set_stays_so()
    {
        Assert.Equal(new SamplingParameters(), new SamplingParameters().ToSettings().ToWire());
        Assert.Equal(new StopConditions(), new StopConditions().ToSettings().ToWire());
        Assert.Equal(new SamplingParameters(), ((SamplingParameters?)null).ToSettings().ToWire());
    }

    [Fact]
    public void Zero_that_is_set_is_not_taken_for_unset()
    {
        var wire = new SamplingParameters { Temperature = 0, TopK = 0, Seed = 0, LogProbs = 0, PresencePenalty = 0 };
        Assert.Equal(wire, wire.ToSettings().ToWire());
    }

    private static void Set(FieldDescriptor field, Google.Protobuf.IMessage message)
    {
        switch (field.Accessor.GetValue(message))
        {
            case MapField<int, float> map:
                map[17] = -2.5f;
                break;
            case RepeatedField<string> texts:
                texts.Add(["END", "\n\n"]);
                break;
            case RepeatedField<int> ids:
                ids.Add([2, 13]);
                break;
            default:
                field.Accessor.SetValue(message, Value(field.FieldType));
                break;
        }
    }

    private static object Value(FieldType type) => type switch
    {
        FieldType.Float => 0.625f,
        FieldType.Int32 => 7,
        FieldType.UInt64 => ulong.MaxValue,
        FieldType.Bool => true,
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "a field of a type that this test does not know"),
    };
}
