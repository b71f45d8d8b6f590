using System.Reflection;
using System.Xml.Linq;
using Presence.Client;
using Presence.Tests.Build;
using PublicApiGenerator;
using Xunit;

namespace Presence.Tests.Client.Api;

/// <summary>What the package promises to those who compile against it.</summary>
public sealed class PublicApiTests
{
    private static readonly Assembly Library = typeof(PresenceClient).Assembly;

    /// <summary>
    /// A difference is a decision: if it is meant, put the text that the failure shows into the file. Taking something away, or changing it, breaks
    /// who uses it.
    /// </summary>
    [Fact]
    public void The_public_surface_is_the_one_that_was_approved()
    {
        var approved = File.ReadAllText(Path.Combine(Repository.Root, "Presence.Tests", "Client", "Api", "Presence.Client.txt"));
        var now = Library.GeneratePublicApi(new ApiGeneratorOptions { IncludeAssemblyAttributes = false });
        Assert.True(approved.ReplaceLineEndings("\n").Trim() == now.ReplaceLineEndings("\n").Trim(), $"The surface is now:\n{now}");
    }

    [Fact]
    public void Every_public_member_has_a_docstring()
    {
        var documented = XDocument.Load(Path.ChangeExtension(Library.Location, ".xml")).Descendants("member")
            .Where(member => member.HasElements)
            .Select(member => member.Attribute("name")!.Value.Split('(')[0])
            .ToHashSet();
        const BindingFlags own = BindingFlags.Public | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;
        var members = Library.GetExportedTypes().SelectMany(type => type.GetMembers(own).Where(IsWritten).Select(Name).Prepend($"T:{type.FullName}"));
        Assert.Empty(members.Except(documented));

        // Records are given members, and an enumeration has a field for its value.
        bool IsWritten(MemberInfo member) => member switch
        {
            MethodInfo method => !method.IsSpecialName && method.GetCustomAttribute<System.Runtime.CompilerServices.CompilerGeneratedAttribute>() is null
                && !IsOfRecord(method) && method.GetBaseDefinition() == method,
            ConstructorInfo => false,
            FieldInfo field => !field.IsSpecialName,
            PropertyInfo property => !IsOfRecord(property),
            _ => true,
        };
        bool IsOfRecord(MemberInfo member) => member.DeclaringType!.GetMethod("<Clone>$") is not null;
        string Name(MemberInfo member) => $"{member.MemberType.ToString()[0]}:{member.DeclaringType!.FullName}.{member.Name}";
    }
}
