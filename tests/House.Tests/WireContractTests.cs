using System.Reflection;
using System.Text;
using Orleans;
using OrleansLM.Contracts.Grains;

namespace OrleansLM.House.Tests;

/// <summary>
/// Everything that grains and messages put on the wire, as text in Contracts/Contracts.txt, so that a change of the contract shows in a diff that a person
/// reads. Run with ORLEANSLM_ACCEPT=1 to write the file anew.
/// </summary>
public sealed class WireContractTests
{
    private const string ContractFile = "Contracts/Contracts.txt";

    [Fact]
    public void The_wire_contract_is_the_one_on_record()
    {
        var actual = Describe(typeof(ISessionGrain).Assembly);
        if (Environment.GetEnvironmentVariable("ORLEANSLM_ACCEPT") == "1")
        {
            File.WriteAllText(Path.Combine(Repository.Root, ContractFile), actual);
        }

        Assert.Equal(Repository.Read(ContractFile), actual);
    }

    [Fact]
    public void Ids_of_a_message_start_at_zero_and_have_no_gap()
    {
        foreach (var type in Messages(typeof(ISessionGrain).Assembly).Where(type => !type.IsEnum))
        {
            var ids = Members(type).Select(member => (int)member.Id).Order();
            Assert.Equal(Enumerable.Range(0, Members(type).Count()), ids);
        }
    }

    private static string Describe(Assembly assembly)
    {
        var text = new StringBuilder();
        foreach (var grain in assembly.GetTypes().Where(type => type.IsInterface && typeof(IGrain).IsAssignableFrom(type)).OrderBy(Alias, StringComparer.Ordinal))
        {
            text.Append(Alias(grain)).Append('\n');
            foreach (var method in grain.GetMethods().OrderBy(method => method.GetCustomAttribute<AliasAttribute>()?.Alias, StringComparer.Ordinal))
            {
                var parameters = string.Join(", ", method.GetParameters().Select(parameter => Name(parameter.ParameterType)));
                text.Append("  ").Append(method.GetCustomAttribute<AliasAttribute>()?.Alias).Append('(').Append(parameters).Append(") -> ").Append(Name(method.ReturnType)).Append('\n');
            }
        }

        foreach (var type in Messages(assembly).OrderBy(Alias, StringComparer.Ordinal))
        {
            text.Append(Alias(type)).Append('\n');
            var lines = type.IsEnum
                ? Enum.GetValues(type).Cast<object>().Select(value => $"  {Convert.ToInt32(value)} {value}")
                : Members(type).OrderBy(member => member.Id).Select(member => $"  {member.Id} {member.Property.Name}: {Name(member.Property.PropertyType)}");
            text.AppendJoin('\n', lines).Append('\n');
        }

        return text.ToString();
    }

    private static IEnumerable<Type> Messages(Assembly assembly) => assembly.GetTypes()
        .Where(type => type.GetCustomAttribute<GenerateSerializerAttribute>() is not null && type.GetCustomAttribute<AliasAttribute>() is not null);

    private static IEnumerable<(uint Id, PropertyInfo Property)> Members(Type type) => type
        .GetProperties()
        .Where(property => property.GetCustomAttribute<IdAttribute>() is not null)
        .Select(property => (property.GetCustomAttribute<IdAttribute>()!.Id, property));

    private static string? Alias(Type type) => type.GetCustomAttribute<AliasAttribute>()?.Alias;

    private static string Name(Type type) => Nullable.GetUnderlyingType(type) is { } inner
        ? $"{Name(inner)}?"
        : type.IsGenericType
            ? $"{type.Name[..type.Name.IndexOf('`')]}<{string.Join(", ", type.GetGenericArguments().Select(Name))}>"
            : Alias(type) ?? type.Name;
}
